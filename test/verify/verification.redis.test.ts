import type { Redis } from "ioredis";
import { expect, test } from "vitest";
import { KeyOwnership } from "../../server/merge/key-ownership.ts";
import { fillAllEncodings } from "../rdb/fill-all-encodings.ts";
import { type RedisServer, startRedis, until } from "../servers/index.ts";
import { foundIn, ringOver, verificationOf } from "./verify-for-test.ts";

type Arg = string | number | Buffer;
const at = 4_102_444_800_000;
const big = (count: number) => Array.from({ length: count }, (_, index) => index);
/** Small, so that values do not have to be large to be compared in pieces. */
const pieces = { pieceBytes: 2000 };

async function both(servers: readonly RedisServer[], ...commands: [string, ...Arg[]][]): Promise<void> {
  for (const { client } of servers) for (const [name, ...args] of commands) await client.call(name, ...args);
}

const copyTo = async (from: Redis, to: Redis, db = 0) => {
  await from.select(db);
  await to.select(db);
  for (const key of await from.keysBuffer("*")) {
    const expireAt = Math.max(0, Number(await from.call("PEXPIRETIME", key)));
    await to.call("RESTORE", key, expireAt, (await from.dumpBuffer(key))!, "ABSTTL", "REPLACE");
  }
};

test("finds no difference where there is none, in all encodings and databases", async () => {
  const shards = [await startRedis(), await startRedis()];
  const destination = await startRedis({
    conf: { "hash-max-listpack-entries": "0", "list-max-listpack-size": "1" },
  });
  await fillAllEncodings(shards[0]!.client);
  await shards[1]!.client.mset("one", "1", "two", "2");
  for (const [index, db] of [
    [0, 0],
    [0, 3],
    [1, 0],
  ] as const)
    await copyTo(shards[index]!.client, destination.client, db);
  // Tributary's own, and the heartbeat.
  await destination.client.select(0);
  await destination.client.set("tributary:writer:test:s0", "x");
  await shards[0]!.client.set("DTS_REDIS_TIMESTAMP_HEARTBEAT", "1");
  for (const limits of [{}, { pieceBytes: 1 }]) {
    const verdict = await verificationOf(shards, destination, {}, limits).run();
    expect(foundIn(verdict)).toEqual([]);
    expect(verdict.sentence).toMatch(/^\d+ keys compared, all equal as of \d\d:\d\d:\d\d$/);
    expect(verdict.compared).toBeGreaterThan(45);
  }
});

test.each([
  ["whole", {}],
  ["in pieces", pieces],
  ["where their fingerprints lie on the disk", { keysInMemory: 0 }],
])("finds exactly the differences that were planted in values that are read %s", async (_, limits) => {
  const [shard, destination] = [await startRedis(), await startRedis()];
  const binary = Buffer.from([0, 255, 13, 10, 58]);
  await both(
    [shard, destination],
    ["SET", "equal", "v"],
    ["SET", "string", "a".repeat(5000)],
    ["SET", "type", "v"],
    ["SET", "expiry", "v", "PXAT", at],
    ["SET", "expiry-gone", "v", "PXAT", at],
    ["SET", binary, "v"],
    ["HSET", "hash", ...big(600).flatMap((index) => [`f${index}`, `value ${index}`])],
    ["SADD", "set", ...big(600).map((index) => `m${index}`)],
    ["ZADD", "zset", ...big(600).flatMap((index) => [index / 7, `m${index}`])],
    ["RPUSH", "list", ...big(600).map((index) => `element ${index}`)],
    ...big(300).map((index): [string, ...Arg[]] => ["XADD", "stream", `1-${index + 1}`, "f", `v${index}`]),
    ["XGROUP", "CREATE", "stream", "g", "0"],
    ["XREADGROUP", "GROUP", "g", "c", "COUNT", 150, "STREAMS", "stream", ">"],
    ["XADD", "stream-equal", "1-1", "f", "v"],
    ["SELECT", 5],
    ["SET", "other-db", "v"],
    ["SELECT", 0],
  );
  // When an entry was delivered is a part of its value.
  await destination.client.restore("stream", 0, (await shard.client.dumpBuffer("stream"))!, "REPLACE");
  await both([shard], ["SET", "missing", "v"], ["SET", "missing-expiring", "v", "PXAT", at]);
  await both(
    [destination],
    ["SET", "extra", "v"],
    ["SETRANGE", "string", 4321, "b"],
    ["DEL", "type"],
    ["RPUSH", "type", "v"],
    ["PEXPIREAT", "expiry", at + 1],
    ["PERSIST", "expiry-gone"],
    ["SET", binary, "w"],
    ["HSET", "hash", "f311", "other"],
    ["HDEL", "hash", "f7"],
    ["HSET", "hash", "new", "v"],
    ["SREM", "set", "m99"],
    ["SADD", "set", "new"],
    ["ZINCRBY", "zset", 1e-9, "m311"],
    ["LSET", "list", 444, "other"],
    ["XDEL", "stream", "1-222"],
    ["XACK", "stream", "g", "1-3"],
    ["SELECT", 5],
    ["SET", "other-db", "w"],
    ["SELECT", 0],
  );
  const verdict = await verificationOf([shard], destination, {}, limits).run();
  const found = foundIn(verdict).map((text) => text.replace(/ \[.*/, ""));
  expect(found).toEqual(
    [
      "expiry 0:expiry",
      "expiry 0:expiry-gone",
      "extra 0:extra",
      "missing 0:missing",
      "missing 0:missing-expiring",
      "type 0:type",
      `value 0:${binary.toString("latin1")}`,
      "value 0:hash",
      "value 0:list",
      "value 0:set",
      "value 0:stream",
      "value 0:string",
      "value 0:zset",
      "value 5:other-db",
    ].sort(),
  );
  const parts = (key: string) => {
    const elements = verdict.listed.find((one) => one.key.toString() === key)!.elements;
    return elements.map(({ part, name }) => `${part} ${name.toString()}`).sort();
  };
  expect(parts("string")).toEqual(["string 4321"]);
  expect(parts("hash")).toEqual(["field f311", "field f7", "field new"]);
  expect(parts("set")).toEqual(["member m99", "member new"]);
  expect(parts("zset")).toEqual(["score m311"]);
  expect(parts("list")).toEqual(["position 444"]);
  expect(parts("stream").filter((part) => /^(entry|pending)/.test(part))).toEqual([
    "entry 1-222",
    "pending entry g 1-3",
  ]);
  expect(verdict.outcome).toBe("different");
  // 17 keys on the shard (the database 5 included), and one that only the destination has.
  expect(verdict.sentence).toMatch(/^14 of \d+ differ, as of /);
  expect(verdict.counts).toEqual({ expiry: 2, extra: 1, missing: 2, type: 1, value: 8 });
});

test("judges strays by the task's policy, and lists them apart", async () => {
  const shards = [await startRedis(), await startRedis(), await startRedis()];
  const destination = await startRedis();
  const ring = ringOver(3);
  const ownership = KeyOwnership.of({ policy: "owner-wins", ring })!;
  const owned = (owner: number) =>
    big(1000)
      .map((index) => `key:${index}`)
      .filter((key) => ownership.ownerOf(Buffer.from(key)) === owner);
  const [stale, lone, several, wrong, plain] = owned(1);
  const clients = shards.map(({ client }) => client);
  for (const key of [stale!, plain!]) {
    await clients[1]!.set(key, "owner's");
    await destination.client.set(key, "owner's");
  }
  await clients[0]!.set(stale!, "stale");
  await clients[2]!.set(lone!, "lone");
  await destination.client.set(lone!, "lone");
  await clients[0]!.set(several!, "one");
  await clients[2]!.set(several!, "other");
  await destination.client.set(several!, "other");
  await clients[1]!.set(wrong!, "owner's");
  await clients[0]!.set(wrong!, "stale");
  // The stray's value in the place of the owner's.
  await destination.client.set(wrong!, "stale");
  const wins = await verificationOf(shards, destination, { merge: { policy: "owner-wins", ring } }).run();
  expect(foundIn(wins)).toEqual(
    [
      `lone 0:${lone}`,
      `lone 0:${several}`,
      `stale 0:${stale}`,
      `stale 0:${wrong}`,
      `value 0:${wrong} [string 0]`,
    ].sort(),
  );
  expect(wins.sentence).toMatch(/^1 of 5 differs/);
  expect(wins.notes[0]).toMatch(/^4 keys that the application cannot see through the proxy/);
  const only = await verificationOf(shards, destination, { merge: { policy: "owner-only", ring } }).run();
  expect(foundIn(only)).toEqual(
    [
      `extra 0:${lone}`,
      `extra 0:${several}`,
      `stale 0:${stale}`,
      `stale 0:${wrong}`,
      `value 0:${wrong} [string 0]`,
    ].sort(),
  );
});

test("without a ring takes the value of any shard that holds the key, and says that they collide", async () => {
  const [one, other, destination] = [await startRedis(), await startRedis(), await startRedis()];
  await one.client.mset("same", "v", "collides", "1", "neither", "1");
  await other.client.mset("same", "v", "collides", "2", "neither", "2");
  await destination.client.mset("same", "v", "collides", "2", "neither", "3");
  const verdict = await verificationOf([one, other], destination).run();
  expect(foundIn(verdict)).toEqual(["collision 0:collides", "value 0:neither [string 0]"]);
});

test("takes what another task may own for no difference", async () => {
  const [shard, destination] = [await startRedis(), await startRedis()];
  await destination.client.mset("theirs", "v");
  expect(foundIn(await verificationOf([shard], destination).run())).toEqual(["extra 0:theirs"]);
  // Of an older version, which does not register.
  await destination.client.hset("tributary:checkpoint:other", "s0", "x");
  const old = await verificationOf([shard], destination).run();
  expect(foundIn(old)).toEqual(["neighbor 0:theirs"]);
  expect(old.notes).toEqual([expect.stringContaining("may be another task's (other)")]);
  await destination.client.del("tributary:checkpoint:other");
  const entry = { v: 1, name: "their task", databases: [4] };
  await destination.client.hset("tributary:tasks", "other", JSON.stringify(entry));
  expect(foundIn(await verificationOf([shard], destination).run())).toEqual(["extra 0:theirs"]);
  await destination.client.hset("tributary:tasks", "other", JSON.stringify({ ...entry, databases: [0] }));
  expect(foundIn(await verificationOf([shard], destination).run())).toEqual(["neighbor 0:theirs"]);
});

test("compares the databases of a map, and no others", async () => {
  const [shard, destination] = [await startRedis(), await startRedis()];
  await both([shard], ["SELECT", 3], ["SET", "k", "v"], ["SELECT", 1], ["SET", "left-out", "v"]);
  await both([destination], ["SELECT", 5], ["SET", "k", "w"], ["SELECT", 0], ["SET", "left-out-too", "v"]);
  const databases = { kind: "pairs" as const, pairs: [{ source: 3, destination: 5 }] };
  const verdict = await verificationOf([shard], destination, { databases, checkpointDb: 5 }).run();
  expect(foundIn(verdict)).toEqual(["value 5:k [string 0]"]);
  expect(verdict.listed[0]!.sourceDb).toBe(3);
});

test("looks at no keys but those of its range", async () => {
  const shards = [await startRedis(), await startRedis()];
  const destination = await startRedis();
  const ring = ringOver(2);
  const ownership = KeyOwnership.of({ policy: "owner-wins", ring })!;
  const names = big(1000).map((index) => `${index % 2 === 0 ? "a*" : "b*"}${index}`);
  for (const name of names) await shards[ownership.ownerOf(Buffer.from(name))]!.client.set(name, "v");
  await destination.client.mset(big(10).flatMap((index) => [`a*extra${index}`, "v"]));
  const merge = { policy: "owner-wins" as const, ring };
  const whole = { sample: 100, prefix: null, shard: null };
  const run = (range: Partial<typeof whole> | { prefix: Buffer } | { shard: number }, keysInMemory = 1e6) =>
    verificationOf(
      shards,
      destination,
      { merge, depth: "keys", range: { ...whole, ...range } },
      { keysInMemory },
    ).run();
  for (const memory of [0, 1e6]) {
    const prefixed = await run({ prefix: Buffer.from("a*") }, memory);
    expect(prefixed.counts).toEqual({ missing: 500, extra: 10 });
    const sampled = await run({ sample: 20 }, memory);
    expect(sampled.counts.missing).toBeGreaterThan(120);
    expect(sampled.counts.missing).toBeLessThan(280);
    expect(sampled.sentence).toMatch(/a sample of 20 %/);
  }
  const of = (shard: number) => names.filter((name) => ownership.ownerOf(Buffer.from(name)) === shard).length;
  for (const shard of [0, 1]) expect((await run({ shard })).counts.missing).toBe(of(shard));
});

test("sends commands that read, and no others", async () => {
  const [shard, destination] = [await startRedis(), await startRedis()];
  await fillAllEncodings(shard.client);
  for (const db of [0, 3]) await copyTo(shard.client, destination.client, db);
  await destination.client.select(0);
  await destination.client.hset("hash:large", "planted", "1");
  await destination.client.set("extra", "1");
  for (const { client } of [shard, destination])
    await client.call(
      "ACL",
      "SETUSER",
      "reader",
      "on",
      ">pw",
      "~*",
      "-@all",
      "+@read",
      "+@connection",
      "+info",
      "+time",
    );
  const as = ({ port }: RedisServer) => ({
    ...{ host: "127.0.0.1", port, tls: false, db: null },
    ...{ username: "reader", password: "pw" },
  });
  for (const [depth, pieceBytes] of [
    ["full", 1e6],
    ["full", 1],
    ["keys", 1],
    ["counts", 1],
  ] as const) {
    const verdict = await verificationOf(
      [shard],
      destination,
      {
        depth,
        destination: as(destination),
        shards: [{ shardId: "s0", shardName: "s0", source: as(shard), alternatives: [], sentinel: null }],
      },
      { pieceBytes },
    ).run();
    expect(verdict.compared).toBeGreaterThan(45);
    if (depth === "full") expect(verdict.counts).toEqual({ value: 1, extra: 1 });
  }
});

test("does with less where a server has or permits less", async () => {
  const [shard, destination] = [await startRedis(), await startRedis()];
  await fillAllEncodings(shard.client);
  for (const db of [0, 3]) await copyTo(shard.client, destination.client, db);
  await destination.client.select(0);
  await destination.client.hset("hash:large", "planted", "1");
  await destination.client.pexpire("expires", 5_000_000);
  await destination.client.del("string:1");
  const without = ["-memory", "-dump", "-pexpiretime"];
  const user = [
    "SETUSER",
    "old",
    "on",
    ">pw",
    "~*",
    "+@read",
    "+@connection",
    "+info",
    "+time",
    ...without,
  ] as const;
  for (const { client } of [shard, destination]) await client.call("ACL", ...user);
  const as = ({ port }: RedisServer) => ({
    ...{ host: "127.0.0.1", port, tls: false, db: null },
    ...{ username: "old", password: "pw" },
  });
  const verdict = await verificationOf([shard], destination, {
    destination: as(destination),
    shards: [{ shardId: "s0", shardName: "s0", source: as(shard), alternatives: [], sentinel: null }],
  }).run();
  expect(foundIn(verdict)).toEqual([
    "expiry 0:expires",
    "missing 0:string:1",
    "value 0:hash:large [field planted]",
  ]);
});

test("counts keys, and says what the numbers cannot tell", async () => {
  const shards = [await startRedis(), await startRedis()];
  const destination = await startRedis();
  await shards[0]!.client.mset("a", "1", "b", "1");
  await shards[1]!.client.mset("c", "1", "DTS_REDIS_TIMESTAMP_HEARTBEAT", "1");
  await destination.client.mset("a", "1", "b", "1", "c", "1");
  await destination.client.hset("tributary:scripts:test:s0", "sha", "body");
  const equal = await verificationOf(shards, destination, { depth: "counts" }).run();
  expect(equal.sentence).toMatch(/^3 keys on the shards, 3 on the destination: the numbers agree/);
  await destination.client.del("c");
  const different = await verificationOf(shards, destination, { depth: "counts" }).run();
  expect(different).toMatchObject({ outcome: "different", compared: 3, destinationKeys: 2, differences: 1 });
  await shards[0]!.client.expire("a", 1000);
  const untold = await verificationOf(shards, destination, { depth: "counts" }).run();
  expect(untold).toMatchObject({ outcome: "unknown", notes: [expect.stringContaining("have an expiry")] });
});

test("ends with what has failed, as soon as one server is gone", async () => {
  const shards = [await startRedis(), await startRedis()];
  const destination = await startRedis();
  for (const { client } of shards) await client.call("DEBUG", "POPULATE", 30_000);
  const verification = verificationOf(shards, destination, { depth: "keys" });
  verification.pace.limits.keysPerSecond = 2000;
  const ended = expect(verification.run()).rejects.toThrow(/shard s1 at 127\.0\.0\.1:\d+ broke/);
  await until(() => verification.progress.done > 500, { what: "it goes on" });
  await shards[1]!.kill();
  await ended;
});

test("ends when it is told to", async () => {
  const [shard, destination] = [await startRedis(), await startRedis()];
  await shard.client.call("DEBUG", "POPULATE", 50_000);
  const stop = new AbortController();
  const verification = verificationOf([shard], destination, {}, {}, stop.signal);
  const ended = expect(verification.run()).rejects.toThrow();
  setTimeout(() => stop.abort(), 50);
  await ended;
});
