import { beforeEach, expect, test } from "vitest";
import type { MergeQuestion } from "../../server/precheck/precheck-input.ts";
import type { PrecheckReport } from "../../server/precheck/precheck-report.ts";
import { runPrechecks } from "../../server/precheck/run-prechecks.ts";
import { parseEndpoint } from "../../server/redis/endpoint.ts";
import { createRing } from "../../server/twemproxy/ring.ts";
import { type RedisServer, startRedis } from "../servers/index.ts";
import { plainQuestion } from "./merge-question.ts";

let shards: RedisServer[];
let destination: RedisServer;

beforeEach(async () => {
  [destination, ...shards] = (await Promise.all([startRedis(), startRedis(), startRedis()])) as [
    RedisServer,
    ...RedisServer[],
  ];
});

const ring = {
  hash: "fnv1a_64",
  hashTag: null,
  distribution: "ketama",
  servers: [
    { name: "a", weight: 1, shardId: "s0" },
    { name: "b", weight: 1, shardId: "s1" },
  ],
} as const;
const ownerOf = (key: string) => createRing(ring).ownerOf(Buffer.from(key))!;

function check(merge: Partial<MergeQuestion> = {}, databases: number | null = null): Promise<PrecheckReport> {
  return runPrechecks({
    shards: shards.map((shard, index) => ({
      id: `s${index}`,
      name: ["a", "b"][index]!,
      endpoint: parseEndpoint(shard.url),
    })),
    destination: parseEndpoint(destination.url),
    databases: databases === null ? null : [{ source: 0, destination: databases }],
    heartbeatDb: null,
    merge: { ...plainQuestion, ...merge },
  });
}

const resultOf = (report: PrecheckReport, id: string) => report.checks.find((one) => one.id === id);

test("refuses a destination that must be empty and is not, with an example of what both hold", async () => {
  await shards[0]!.client.set("both", "1");
  await destination.client.mset("both", "2", "theirs", "3");
  const report = await check({ destinationKeys: "must-be-empty" });
  expect(resultOf(report, "destination-empty")).toMatchObject({
    level: "error",
    code: "DESTINATION_HOLDS_KEYS",
    message: expect.stringContaining("for example both"),
    current: "db0: 2 keys",
  });
});

test("counts of a sample how many keys of the shards the destination holds", async () => {
  for (let key = 0; key < 40; key++) await shards[key % 2]!.client.set(`k${key}`, "1");
  for (let key = 0; key < 10; key++) await destination.client.set(`k${key}`, "2");
  const report = await check({ destinationKeys: "keep" });
  expect(report.use?.samples).toMatchObject({ sampled: 40, onDestination: 10 });
  expect(resultOf(report, "destination-empty")).toMatchObject({
    level: "warning",
    message: expect.stringMatching(/are kept.*Of 40 keys .* 10 are there/),
  });
});

test("takes nothing amiss where the task itself has been before", async () => {
  await destination.client.set("k", "1");
  await destination.client.hset("tributary:checkpoint:mine", "s0", "x");
  const report = await check({ taskId: "mine", destinationKeys: "must-be-empty" });
  expect(resultOf(report, "destination-empty")).toMatchObject({ level: "ok" });
  expect(report.use).toMatchObject({ began: true, neighbors: [] });
});

test("names the task that is registered there, and the one of an older version by its checkpoint", async () => {
  const entry = { v: 1, name: "beta", shards: [{ id: "x", name: "beta-1" }], databases: [2], host: "host-1" };
  await destination.client.hset("tributary:tasks", "t2", JSON.stringify(entry));
  await destination.client.hset("tributary:tasks", "t3", "not JSON");
  await destination.client.select(2);
  await destination.client.hset("tributary:checkpoint:t4", "old-1", "x", "old-1:epoch", "1");
  const neighbors = (await check({}, 2)).use?.neighbors;
  const unknown = {
    name: null,
    host: null,
    sources: null,
    writing: false,
    seenAt: null,
    leftAt: null,
    replids: [],
  };
  expect(neighbors).toHaveLength(3);
  expect(neighbors).toEqual(
    expect.arrayContaining([
      {
        id: "t2",
        name: "beta",
        host: "host-1",
        shards: ["beta-1"],
        databases: [2],
        sources: null,
        writing: false,
        seenAt: null,
        leftAt: null,
        replids: [],
      },
      { ...unknown, id: "t3", shards: [], databases: null },
      { ...unknown, id: "t4", shards: ["old-1"], databases: [2] },
    ]),
  );
  const elsewhere = (await check({}, 5)).use?.neighbors.map(({ id }) => id);
  // Where one that cannot be read writes is not known.
  expect(elsewhere).toEqual(["t3"]);
});

/** The second task reads shard a, from these databases. */
async function readByAnother(entry: { leftAt?: number; sources?: number[] }): Promise<void> {
  const replid = /master_replid:([0-9a-f]{40})/.exec(await shards[0]!.client.info("replication"))![1]!;
  const named = { v: 1, name: "beta", shards: [{ id: "x", name: "beta-1" }], databases: null, ...entry };
  await destination.client.hset("tributary:tasks", "t2", JSON.stringify(named));
  const own = { x: `1 ${replid} 1234 0 1700000000000`, "x:epoch": "1" };
  await destination.client.hset("tributary:checkpoint:t2", { ...own, y: `1 ${"e".repeat(40)} 1 0 1` });
}

const readTwice = async (databases: number | null = null) =>
  (await check({}, databases)).checks.filter(({ id }) => id === "shard-read-twice");

test("refuses a shard that another task reads while it is connected, and warns of one that is not", async () => {
  await readByAnother({});
  expect(await readTwice()).toMatchObject([
    { subject: "shard a", level: "warning", current: "beta (beta-1)" },
  ]);
  const writer = destination.client.duplicate({ connectionName: "tributary:t2:x:engine" });
  await writer.ping();
  expect(await readTwice()).toMatchObject([
    {
      subject: "shard a",
      level: "error",
      code: "SHARD_READ_TWICE",
      message: expect.stringContaining("beta"),
    },
  ]);
  writer.disconnect();
});

test("takes nothing amiss where the other task has ended, or reads other databases of the shard", async () => {
  await readByAnother({ leftAt: 1 });
  expect(await readTwice()).toEqual([]);
  await readByAnother({ sources: [3] });
  expect(await readTwice(2)).toEqual([]);
  await readByAnother({ sources: [0, 3] });
  expect(await readTwice(2)).toHaveLength(1);
});

test("counts of a sample which names another task has brought already, and offers an empty database", async () => {
  for (let key = 0; key < 20; key++) await shards[0]!.client.set(`k${key}`, "1");
  for (let key = 0; key < 5; key++) await destination.client.set(`k${key}`, "2");
  expect(resultOf(await check(), "key-collisions")).toBeUndefined();
  await readByAnother({});
  const found = resultOf(await check(), "key-collisions");
  expect(found).toMatchObject({
    level: "warning",
    message: expect.stringContaining("Of 20 keys of this task's shards that were looked at, 5 are there"),
    remedy: expect.stringContaining("write to database 1, which is empty,"),
  });
  expect(found!.current!.split(", ")).toHaveLength(5);
});

test("counts stale duplicates and lone strays by the ring, and names them", async () => {
  const keys = Array.from({ length: 60 }, (_, index) => `k${index}`);
  for (const key of keys) await shards[ownerOf(key)]!.client.set(key, "owner's");
  const stale = keys.slice(0, 7);
  for (const key of stale) await shards[1 - ownerOf(key)]!.client.set(key, "stale");
  const lone = ["lone1", "lone2", "lone3"];
  for (const key of lone) await shards[1 - ownerOf(key)]!.client.set(key, "lone");
  const report = await check({ ring });
  expect(report.use?.samples).toMatchObject({ sampled: 70, stale: 7, lone: 3, collisions: 0 });
  const loneNamed = report.use?.samples?.examples.filter(({ kind }) => kind === "lone");
  expect(loneNamed?.map(({ key }) => key).sort()).toEqual(lone);
  expect(resultOf(report, "keys-with-owners")).toMatchObject({
    level: "warning",
    message: expect.stringContaining("10 lie on a shard that does not own them: 7 are stale"),
  });
});

test("finds keys of one name on two shards without a ring, each once", async () => {
  for (const shard of shards) await shard.client.mset("both1", "1", "both2", "2");
  await shards[0]!.client.set("a", "1");
  const report = await check();
  expect(report.use?.samples?.collisions).toBe(2);
  expect(resultOf(report, "keys-apart")).toMatchObject({
    level: "warning",
    message: expect.stringContaining("2 lie on more than one shard"),
  });
});

test("names the lowest database that is empty and is not written by this task", async () => {
  await destination.client.set("k", "1");
  await destination.client.select(1);
  await destination.client.set("k", "1");
  expect((await check()).use?.freeDatabase).toBe(2);
  expect((await check({}, 2)).use?.freeDatabase).toBe(3);
});
