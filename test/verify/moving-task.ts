import type { Redis } from "ioredis";
import { expect } from "vitest";
import type { ShardSyncSpec } from "../../server/sync/spec/shard-sync-spec.ts";
import { type RedisServer, startRedis, until } from "../servers/index.ts";
import { endpointAt } from "../sync/harness/sync-for-test.ts";
import { syncsOfTask } from "../sync/harness/syncs-of-task.ts";
import { fillMixed } from "../traffic/fill-mixed.ts";
import { TrafficWriter } from "../traffic/traffic-writer.ts";

/** ms: an engine, writers and a verification in one thread, on a machine that may have much else to do. */
export const PATIENCE_MS = 240_000;

/** What is said of a task that moves, and may be far behind on a machine that has much else to do. */
export const apart = /^(busy|doubtful|shaded|unsettled) /;

/** Two shards under mixed traffic and short expiries, synchronized into one destination. */
export async function movingTask(
  commandsPerSecond: number,
  taskSeed: number,
  spec: Partial<ShardSyncSpec> = {},
) {
  const shards = await Promise.all([startRedis(), startRedis()]);
  const destination = await startRedis();
  for (const [index, { client }] of shards.entries())
    await fillMixed(client, { keys: 400, seed: taskSeed + index, prefix: `fill-${index}:` });
  const syncs = syncsOfTask(
    shards.map((shard) => endpointAt(shard)),
    endpointAt(destination),
    spec,
  );
  for (const sync of syncs) sync.start();
  for (const sync of syncs) await sync.reaches("synchronizing", PATIENCE_MS / 2);
  const traffic = shards.map(({ client }, index) =>
    new TrafficWriter(client, {
      seed: taskSeed + index,
      prefix: `${index}:`,
      through: "direct",
      commandsPerSecond,
    }).start(),
  );
  const expiring = shards.map((shard, index) => new ExpiringKeys(shard, `${index}:short:`).start());
  const caughtUp = async () => {
    for (const [index, sync] of syncs.entries()) {
      const info = await shards[index]!.client.info("replication");
      const wanted = BigInt(/master_repl_offset:(\d+)/.exec(info)![1]!);
      await until(() => BigInt(sync.latest?.stream?.appliedOffset ?? "0") >= wanted, {
        what: "what was written has been applied",
        timeoutMs: PATIENCE_MS / 2,
      });
    }
  };
  const stop = async () => {
    for (const one of [...traffic, ...expiring]) await one.stop();
    for (const one of traffic) expect([...one.errors]).toEqual([]);
  };
  return { shards, destination, syncs, traffic, caughtUp, stop };
}

/** Writes keys that live for 1 to 400 ms, and renews some of them. */
class ExpiringKeys {
  readonly #client: Redis;
  readonly #prefix: string;
  #running: Promise<void> | null = null;
  #stopping = false;

  constructor(shard: RedisServer, prefix: string) {
    this.#client = shard.client.duplicate();
    this.#prefix = prefix;
  }

  start(): this {
    this.#running = this.#run();
    return this;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
    this.#client.disconnect();
  }

  async #run(): Promise<void> {
    for (let index = 0; !this.#stopping; index++) {
      const key = `${this.#prefix}${index % 300}`;
      const pipeline = this.#client.pipeline();
      pipeline.set(key, String(index), "PX", 1 + ((index * 7) % 400));
      pipeline.pexpire(`${this.#prefix}${(index * 13) % 300}`, 1 + ((index * 11) % 1500));
      await pipeline.exec();
      await new Promise((wake) => setTimeout(wake, 10));
    }
  }
}
