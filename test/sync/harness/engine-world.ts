import { expect } from "vitest";
import { expireAllDue } from "../../servers/expire-all-due.ts";
import { type RedisServer, startRedis, temporaryFolder, until } from "../../servers/index.ts";
import { fillMixed } from "../../traffic/fill-mixed.ts";
import { seededRandom } from "../../traffic/seeded-random.ts";
import { TrafficWriter } from "../../traffic/traffic-writer.ts";
import { seed } from "./check-property.ts";
import { EngineRun } from "./engine-run.ts";
import { expectUnion } from "./expect-union.ts";
import { TcpProxy } from "./tcp-proxy.ts";

export const random = seededRandom(seed);

const KEYS = 2_000;
const PATIENCE_MS = 60_000;

export type WorldOptions = {
  /** 2 unless given. */
  readonly shards?: number;
  /** Of each shard; 1,000 unless given. */
  readonly commandsPerSecond?: number;
  /** The engine reaches the first shard through the proxy; true unless given. */
  readonly sourceProxy?: boolean;
};

export type EngineWorld = Awaited<ReturnType<typeof engineWorld>>;

/**
 * Shards under traffic, the first of them behind a proxy, a destination behind another one, and what an engine as a
 * process of its own needs to be started between them. Their backlogs hold all that a test writes: a full sync, which
 * would put right whatever was wrong before, is always one that the test wants.
 */
export async function engineWorld(options: WorldOptions = {}) {
  const { shards: count = 2, commandsPerSecond = 1_000, sourceProxy = true } = options;
  const conf = { "repl-backlog-size": "256mb" };
  const shards = await Promise.all(Array.from({ length: count }, () => startRedis({ conf })));
  const destination = await startRedis();
  const source = await TcpProxy.start(shards[0]!.port);
  const sink = await TcpProxy.start(destination.port);
  for (const [index, shard] of shards.entries()) {
    await fillMixed(shard.client, { keys: KEYS, seed: seed + index, prefix: `fill-${index}:` });
  }
  const args = [
    ...["--shard", `redis://127.0.0.1:${sourceProxy ? source.port : shards[0]!.port}`],
    ...shards.slice(1).flatMap((shard) => ["--shard", shard.url]),
    ...["--destination", `redis://127.0.0.1:${sink.port}`, "--skip-checks"],
  ];
  let writers: TrafficWriter[] = [];
  let begun = 0;

  const write = () => {
    begun++;
    writers = shards.map((shard, index) =>
      new TrafficWriter(shard.client, {
        // Each time other commands.
        seed: seed + 100 * begun + index,
        prefix: `${index}:`,
        through: "direct",
        commandsPerSecond,
      }).start(),
    );
  };
  const rest = async () => {
    for (const writer of writers) await writer.stop();
    for (const writer of writers) expect([...writer.errors]).toEqual([]);
  };
  /** Resolves when each shard has taken some more commands. */
  const writesOn = async (commands: number) => {
    const wanted = writers.map((writer) => writer.commands + commands);
    await until(() => writers.every((writer, index) => writer.commands > wanted[index]!), {
      what: "there is traffic",
    });
  };
  const shardIds = shards.map((_, index) => `shard-${index + 1}`);
  /** Resolves when the destination has all that the shards have written by now; the traffic may go on. */
  const reached = async (engine: EngineRun) => {
    for (const [index, shard] of shards.entries()) {
      await engine.reached(shardIds[index]!, shard.client, destination.client, PATIENCE_MS);
    }
  };
  /** Ends the traffic, and resolves when the destination has all of it and every key has been put right. */
  const settled = async (engine: EngineRun) => {
    const caughtUp = async () => {
      for (const [index, shard] of shards.entries()) {
        await engine.caughtUp(shardIds[index]!, shard.client, destination.client, PATIENCE_MS);
      }
    };
    await reached(engine);
    await rest();
    await caughtUp();
    for (const shard of shards) await expireAllDue(shard.client);
    await caughtUp();
  };
  /**
   * Ends the traffic, lets the engine catch up and end, and compares. @param story what has been done to it.
   * @returns how many keys the destination has.
   */
  const equal = async (engine: EngineRun, story: string) => {
    await settled(engine);
    await engine.drain();
    return await expectUnion(shards, destination).catch((error: Error) => {
      throw new Error(`after ${story}: ${error.message}`, { cause: error });
    });
  };
  /** How many full syncs each shard has given so far. */
  const fullSyncs = () => Promise.all(shards.map(fullSyncsOf));
  const engine = () => new EngineRun(args, temporaryFolder());
  /** Such an engine, which has done its initial sync and runs; there is traffic. */
  const runningEngine = async () => {
    write();
    const first = engine();
    first.start();
    await reached(first);
    return first;
  };
  return {
    ...{ shards, shard: shards[0]!, shardIds, destination, source, sink },
    ...{ engine, runningEngine, write, rest, writesOn, reached, settled, equal, fullSyncs },
  };
}

/** How many full syncs a shard has given so far. */
export async function fullSyncsOf(shard: RedisServer): Promise<number> {
  return Number(/sync_full:(\d+)/.exec(await shard.client.info("stats"))![1]);
}

/** The next PSYNC is answered with an RDB, in which some keys are missing that the destination may have. */
export async function forceFullSync({ shard }: EngineWorld): Promise<void> {
  const keys = (await shard.client.keys("fill-0:*")).slice(0, 20);
  if (keys.length > 0) await shard.client.unlink(...keys);
  await shard.client.call("DEBUG", "CHANGE-REPL-ID");
}
