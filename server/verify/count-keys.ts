import { HEARTBEAT_KEY, taskKeys } from "../sync/checkpoint/own-keys.ts";
import type { Checkpoints } from "./checkpoints.ts";
import { placeOf } from "./checkpoints.ts";
import type { Side } from "./look.ts";
import type { DbPair } from "./passes.ts";
import type { VerifySpec } from "./verify-spec.ts";

export type KeyCounts = {
  readonly agree: boolean;
  /** Of all shards. */
  readonly sources: number;
  readonly destination: number;
  /** Keys with an expiry, of the side that has more: some of them may have expired, and are counted still. */
  readonly expires: number;
  /** The destination has not come to the place of the last look. */
  readonly behind: boolean;
};

export type CountOptions = {
  readonly spec: VerifySpec;
  readonly shards: readonly Side[];
  readonly destination: Side;
  readonly checkpoints: Checkpoints;
  readonly dbs: readonly DbPair[];
  readonly rounds: number;
  readonly signal: AbortSignal;
};

/**
 * Counts keys by DBSIZE, on the shards before and after the destination, until that one has a number that the shards
 * had in between.
 */
export async function countKeys(options: CountOptions): Promise<KeyCounts> {
  const { shards, checkpoints, dbs, rounds, signal } = options;
  const sources = async () => {
    const counts = shards.flatMap((side) =>
      dbs.map(({ sourceDb }) => keysOf(side, sourceDb, [HEARTBEAT_KEY])),
    );
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  };
  for (let round = 1; ; round++) {
    signal.throwIfAborted();
    const before = await sources();
    const places = await Promise.all(
      shards.map(async (side, shard) => [shard, await placeOf(side)] as const),
    );
    const behind = (await checkpoints.passed(new Map(places), signal)).size > 0;
    const there = await destinationKeys(options);
    const late = (await checkpoints.followed(shards, shards.keys(), signal)).size > 0;
    const after = await sources();
    const agree = Math.min(before, after) <= there && there <= Math.max(before, after);
    if (!agree && round < rounds) continue;
    return {
      agree,
      sources: after,
      destination: there,
      expires: await expiresOf(options),
      behind: behind || late,
    };
  }
}

async function destinationKeys({ spec, destination, dbs }: CountOptions): Promise<number> {
  const own = taskKeys(
    spec.taskId,
    spec.shards.map(({ shardId }) => shardId),
  );
  let sum = 0;
  for (const { db } of dbs) {
    sum += await keysOf(destination, db, [HEARTBEAT_KEY, ...(db === spec.checkpointDb ? own : [])]);
  }
  return sum;
}

async function keysOf({ connection }: Side, db: number, without: readonly string[]): Promise<number> {
  const [keys, ...held] = await connection.ask(db, (batch) => {
    batch.command("DBSIZE");
    for (const key of without) batch.command("EXISTS", key);
  });
  return Number(keys) - held.filter((one) => one === 1).length;
}

async function expiresOf({ shards, destination }: CountOptions): Promise<number> {
  const of = async ({ connection }: Side) => {
    const { keyspace } = await connection.info();
    return keyspace.reduce((sum, { expires }) => sum + expires, 0);
  };
  const sources = (await Promise.all(shards.map(of))).reduce((sum, count) => sum + count, 0);
  return Math.max(sources, await of(destination));
}
