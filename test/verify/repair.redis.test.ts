import type { Redis } from "ioredis";
import { expect, test } from "vitest";
import { KeyOwnership } from "../../server/merge/key-ownership.ts";
import { isDifference } from "../../server/verify/difference.ts";
import type { RepairedKey, RepairKey } from "../../server/verify/repair-outcome.ts";
import { type RedisServer, startRedis, until } from "../servers/index.ts";
import { seed } from "../sync/harness/check-property.ts";
import { rounds } from "../sync/harness/fault-rounds.ts";
import { endpointAt, SyncForTest } from "../sync/harness/sync-for-test.ts";
import { seededRandom } from "../traffic/seeded-random.ts";
import { apart, movingTask, PATIENCE_MS } from "./moving-task.ts";
import { type Planted, plantDifferences } from "./planted-differences.ts";
import { repairOf } from "./repair-for-test.ts";
import { foundIn, ringOver, verificationOf } from "./verify-for-test.ts";

/** Another task, which brings keys of its own to the same destination. @returns these. */
async function neighborOf(task: Awaited<ReturnType<typeof movingTask>>): Promise<string[]> {
  const theirs = await startRedis();
  const keys = Array.from({ length: 100 }, (_, index) => `theirs:${index}`);
  await theirs.client.mset(keys.flatMap((key) => [key, "v"]));
  const sync = new SyncForTest({
    taskId: "neighbor",
    source: endpointAt(theirs),
    destination: endpointAt(task.destination),
  }).start();
  await sync.reaches("synchronizing", PATIENCE_MS / 2);
  await sync.caughtUp(theirs.client, task.destination.client);
  return keys;
}

/** What has come of the planted ones, in their order. */
function outcomesOf(repaired: readonly RepairedKey[], planted: readonly Planted[]): string[] {
  return planted.map(
    ({ db, key }) => repaired.find((one) => one.key.db === db && one.key.key.equals(key))?.outcome ?? "none",
  );
}

type Counter = { readonly key: Buffer; readonly source: Redis };

/** Counts on, in keys of which the destination has another value. */
class Counters {
  readonly keys: readonly RepairKey[];
  readonly #pairs: readonly Counter[];
  readonly #destination: Redis;
  #stopping = false;
  #running: Promise<void> = Promise.resolve();

  private constructor(pairs: readonly Counter[], destination: Redis) {
    this.keys = pairs.map(({ key }) => ({ kind: "value", shard: null, db: 0, sourceDb: 0, key }));
    this.#pairs = pairs;
    this.#destination = destination;
  }

  static async begin(
    shards: readonly RedisServer[],
    destination: RedisServer,
    ownerOf: (key: Buffer) => number,
  ): Promise<Counters> {
    const pairs = Array.from({ length: 20 }, (_, index) => Buffer.from(`counter ${index}`)).map((key) => ({
      key,
      source: shards[ownerOf(key)]!.client.duplicate(),
    }));
    const counters = new Counters(pairs, destination.client);
    for (const { key, source } of pairs) {
      await source.incr(key);
      await until(async () => (await destination.client.exists(key)) === 1, { what: "it is there" });
      await destination.client.incrby(key, 1_000_000);
    }
    counters.#running = counters.#run();
    return counters;
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      for (const { key, source } of this.#pairs) await source.incr(key);
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
  }

  async equal(): Promise<void> {
    for (const { key, source } of this.#pairs) {
      expect(await this.#destination.get(key), String(key)).toBe(await source.get(key));
      source.disconnect();
    }
  }
}

test.each(Array.from({ length: rounds(1) }, (_, round) => seed + 10 * round))(
  "mends all that was planted under constant writes, and undoes none of them (seed %i)",
  async (roundSeed) => {
    const random = seededRandom(roundSeed);
    const merge = random.oneIn(2)
      ? ({ policy: "owner-wins", ring: ringOver(2) } as const)
      : ({ policy: "last-write", ring: null } as const);
    const ownership = KeyOwnership.of(merge);
    const ownerOf = (key: Buffer) => ownership?.ownerOf(key) ?? random.int(2);
    const task = await movingTask(200, roundSeed, { merge });
    const neighbor = random.oneIn(3) ? await neighborOf(task) : null;
    // What no shard holds may be a neighbor's, where there is one: it is no difference, and stays.
    const planted = (await plantDifferences(task, random, ownerOf)).filter(
      ({ kind }) => neighbor === null || kind !== "extra",
    );
    const verify = () => verificationOf(task.shards, task.destination, { merge }).run();
    const verdict = await verify();
    const found = verdict.listed.filter(({ kind }) => isDifference(kind));
    expect(found.map(({ kind, db, key }) => `${kind} ${db}:${key.toString("latin1")}`).sort()).toEqual(
      planted.map(({ kind, db, key }) => `${kind} ${db}:${key.toString("latin1")}`).sort(),
    );
    const counting = await Counters.begin(task.shards, task.destination, ownerOf);
    const repaired = await repairOf(task.shards, task.destination, [...found, ...counting.keys], { merge });
    await counting.stop();
    expect(outcomesOf(repaired, planted)).toEqual(
      planted.map(({ kind }) => (kind === "extra" ? "deleted" : "copied")),
    );
    await task.stop();
    await task.caughtUp();
    await counting.equal();
    if (neighbor !== null) expect(await task.destination.client.exists(...neighbor)).toBe(neighbor.length);
    const still = await verify();
    expect(
      foundIn(still).filter((text) => !/^(lone|stale|collision|neighbor) /.test(text) && !apart.test(text)),
    ).toEqual([]);
  },
  PATIENCE_MS,
);
