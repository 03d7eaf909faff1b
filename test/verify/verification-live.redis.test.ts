import type { Redis } from "ioredis";
import { expect, test } from "vitest";
import type { RedisServer } from "../servers/index.ts";
import { startRedis, until } from "../servers/index.ts";
import { seed } from "../sync/harness/check-property.ts";
import { rounds } from "../sync/harness/fault-rounds.ts";
import { endpointAt } from "../sync/harness/sync-for-test.ts";
import { syncsOfTask } from "../sync/harness/syncs-of-task.ts";
import { fillMixed } from "../traffic/fill-mixed.ts";
import { type SeededRandom, seededRandom } from "../traffic/seeded-random.ts";
import { TrafficWriter } from "../traffic/traffic-writer.ts";
import { foundIn, verificationOf } from "./verify-for-test.ts";

/** ms: an engine, writers and a verification in one thread, on a machine that may have much else to do. */
const PATIENCE_MS = 240_000;

/** What is said of a task that moves, and may be far behind on a machine that has much else to do. */
const apart = /^(busy|doubtful|shaded|unsettled) /;

/** Two shards under mixed traffic and short expiries, synchronized into one destination. */
async function movingTask(commandsPerSecond: number, taskSeed: number) {
  const shards = await Promise.all([startRedis(), startRedis()]);
  const destination = await startRedis();
  for (const [index, { client }] of shards.entries())
    await fillMixed(client, { keys: 400, seed: taskSeed + index, prefix: `fill-${index}:` });
  const syncs = syncsOfTask(
    shards.map((shard) => endpointAt(shard)),
    endpointAt(destination),
  );
  for (const sync of syncs) sync.start();
  for (const sync of syncs) await sync.reaches("synchronizing");
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

test.each(Array.from({ length: rounds(1) }, (_, round) => seed + 10 * round))(
  "finds nothing under writes with short expiries where nothing was planted (seed %i)",
  async (roundSeed) => {
    const task = await movingTask(300, roundSeed);
    await until(() => task.traffic.every(({ commands }) => commands > 300), { what: "there is traffic" });
    for (const pieceBytes of [1024 * 1024, 1000]) {
      const verdict = await verificationOf(task.shards, task.destination, {}, { pieceBytes }).run();
      expect(foundIn(verdict).filter((text) => !apart.test(text))).toEqual([]);
      expect(verdict.outcome).not.toBe("different");
      expect(verdict.compared).toBeGreaterThan(800);
    }
    await task.stop();
    await task.caughtUp();
    const still = await verificationOf(
      task.shards,
      task.destination,
      {},
      { patienceMs: PATIENCE_MS / 2 },
    ).run();
    expect(foundIn(still)).toEqual([]);
  },
  PATIENCE_MS,
);

const binary = Buffer.from([255, 0, 58, 13, 10]);
type Plant = {
  readonly kind: string;
  readonly name: string;
  readonly make: string[][];
  readonly spoil: string[][];
};
const many = (count: number, make: (index: number) => string[]) =>
  Array.from({ length: count }, (_, i) => make(i)).flat();
const at = "4102444800000";
/** `K` is the key. */
const plants: readonly Plant[] = [
  { kind: "missing", name: "missing", make: [["SET", "K", "v"]], spoil: [["DEL", "K"]] },
  { kind: "missing", name: "missing expiring", make: [["SET", "K", "v", "PXAT", at]], spoil: [["DEL", "K"]] },
  { kind: "extra", name: "extra", make: [], spoil: [["SET", "K", "v"]] },
  { kind: "extra", name: "extra expiring", make: [], spoil: [["SET", "K", "v", "PXAT", at]] },
  {
    kind: "type",
    name: "type",
    make: [["SET", "K", "v"]],
    spoil: [
      ["DEL", "K"],
      ["SADD", "K", "v"],
    ],
  },
  {
    kind: "value",
    name: "string",
    make: [["SET", "K", "x".repeat(3000)]],
    spoil: [["SETRANGE", "K", "2990", "y"]],
  },
  {
    kind: "value",
    name: "hash",
    make: [["HSET", "K", ...many(700, (i) => [`f${i}`, "v"])]],
    spoil: [["HSET", "K", "f600", "w"]],
  },
  {
    kind: "value",
    name: "set",
    make: [["SADD", "K", ...many(700, (i) => [`m${i}`])]],
    spoil: [["SREM", "K", "m600"]],
  },
  {
    kind: "value",
    name: "zset",
    make: [["ZADD", "K", ...many(700, (i) => [String(i / 3), `m${i}`])]],
    spoil: [["ZINCRBY", "K", "1e-9", "m5"]],
  },
  {
    kind: "value",
    name: "list",
    make: [["RPUSH", "K", ...many(700, (i) => [`e${i}`])]],
    spoil: [["LSET", "K", "600", "w"]],
  },
  {
    kind: "value",
    name: "stream",
    make: [
      ["XADD", "K", "1-1", "f", "v"],
      ["XADD", "K", "1-2", "f", "v"],
    ],
    spoil: [["XDEL", "K", "1-1"]],
  },
  {
    kind: "value",
    name: "group",
    make: [
      ["XADD", "K", "1-1", "f", "v"],
      ["XGROUP", "CREATE", "K", "g", "0"],
    ],
    spoil: [["XGROUP", "SETID", "K", "g", "1-1"]],
  },
  {
    kind: "expiry",
    name: "expiry",
    make: [["SET", "K", "v", "PXAT", at]],
    spoil: [["PEXPIREAT", "K", "4102444800001"]],
  },
  { kind: "expiry", name: "expiry gone", make: [["SET", "K", "v", "PXAT", at]], spoil: [["PERSIST", "K"]] },
];

async function run({ client }: RedisServer, key: Buffer, commands: readonly string[][]): Promise<void> {
  for (const [name, ...args] of commands)
    await client.call(name!, ...args.map((arg) => (arg === "K" ? key : arg)));
}

function keyOf(random: SeededRandom, { name }: Plant): Buffer {
  const key = Buffer.from(`planted ${name} ${random.int(1e6)}`);
  return random.oneIn(3) ? Buffer.concat([binary, key]) : key;
}

test.each(Array.from({ length: rounds(1) }, (_, round) => seed + 10 * round))(
  "finds exactly what was planted under constant writes (seed %i)",
  async (roundSeed) => {
    const random = seededRandom(roundSeed);
    const task = await movingTask(200, roundSeed);
    const planted = plants.map((plant) => ({
      plant,
      key: keyOf(random, plant),
      shard: task.shards[random.int(2)]!,
      db: random.oneIn(2) ? 0 : 7,
    }));
    const inDb = async (server: RedisServer, db: number, key: Buffer, commands: readonly string[][]) => {
      const client = server.client.duplicate();
      await client.select(db);
      await run({ client } as RedisServer, key, commands);
      client.disconnect();
    };
    for (const { plant, key, shard, db } of planted) await inDb(shard, db, key, plant.make);
    // Equal ones beside them.
    for (const { plant, key, shard, db } of planted)
      await inDb(shard, db, Buffer.concat([key, Buffer.from(" equal")]), plant.make);
    await task.caughtUp();
    for (const { plant, key, db } of planted) await inDb(task.destination, db, key, plant.spoil);
    const pieceBytes = random.oneIn(2) ? 1024 * 1024 : 1000;
    const verdict = await verificationOf(task.shards, task.destination, {}, { pieceBytes }).run();
    const found = foundIn(verdict).map((text) => text.replace(/ \[.*/s, ""));
    expect(found.filter((text) => !apart.test(text))).toEqual(
      planted.map(({ plant, key, db }) => `${plant.kind} ${db}:${key.toString("latin1")}`).sort(),
    );
    await task.stop();
  },
  PATIENCE_MS,
);
