import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { fetchedServer } from "../../../scripts/server-versions.mjs";
import { startRedis, until } from "../../servers/index.ts";
import { smallRdb, startOldMaster, startShardWithScripts } from "../harness/old-master.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";

// Another destination can be tried: TEST_REDIS_SERVER=<path>.
const binary = process.env.TEST_REDIS_SERVER ?? "redis-server";
const shaOf = (script: string) => createHash("sha1").update(script).digest("hex");
const push = "redis.call('RPUSH', KEYS[1], ARGV[1])\nreturn redis.call('LLEN', KEYS[1])";

/** A shard whose stream holds scripts as they were called, synchronized. */
async function running(more: Partial<SyncForTest["spec"]> = {}) {
  const { server: shard, send, offset } = await startShardWithScripts();
  const destination = await startRedis({ binary });
  const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(destination), ...more });
  sync.start();
  await sync.reaches("synchronizing");
  send("SELECT", "0");
  const shardHasRun = () =>
    until(
      async () => {
        const at = /master_repl_offset:(\d+)/.exec(await shard.client.info("replication"))?.[1] ?? "0";
        return BigInt(at) >= offset();
      },
      { what: "the shard has run what was sent", timeoutMs: 30_000, everyMs: 10 },
    );
  const caughtUp = async () => {
    await shardHasRun();
    await sync.caughtUp(shard.client, destination.client);
  };
  return { shard: shard.client, destination: destination.client, sync, send, shardHasRun, caughtUp };
}

test("a script runs on the destination, by its SHA1 too, whatever becomes of script cache and engine", async () => {
  const { shard, destination, sync, send, caughtUp } = await running();
  send("EVAL", push, "1", "list", "a");
  send("EVALSHA", shaOf(push), "1", "list", "b");
  await caughtUp();
  await destination.script("FLUSH");
  send("EVALSHA", shaOf(push).toUpperCase(), "1", "list", "c");
  await caughtUp();
  await sync.stop();
  await destination.script("FLUSH");
  sync.start();
  await sync.reaches("synchronizing");
  send("MULTI");
  send("EVALSHA", shaOf(push), "1", "list", "d");
  send("SCRIPT", "LOAD", "return redis.call('INCR', KEYS[1])");
  send("EXEC");
  send("EVALSHA", shaOf("return redis.call('INCR', KEYS[1])"), "1", "counter");
  await caughtUp();
  expect(await destination.lrange("list", 0, -1)).toEqual(["a", "b", "c", "d"]);
  expect(await destination.get("counter")).toBe("1");
  expect(await shard.lrange("list", 0, -1)).toEqual(["a", "b", "c", "d"]);
  await sync.stop();
  expect(sync.refused()).toEqual([]);
  const name = "redis.call('RPUSH', KEYS[1], ARGV[1])";
  expect(sync.scripts()).toMatchObject([
    { sha: shaOf(push), name, ran: 4, failed: 0, lastAnswer: "4", lastFailed: false },
    { name: "return redis.call('INCR', KEYS[1])", ran: 1, lastAnswer: "1" },
  ]);
});

test("a script has the arguments that the source gave it, however many, and those of its database", async () => {
  const databases = { kind: "pairs", pairs: [{ source: 3, destination: 5 }] } as const;
  const { destination, sync, send, caughtUp } = await running({ databases });
  const script = "redis.call('RPUSH', KEYS[1], #KEYS, #ARGV, unpack(ARGV)) return {1, 'two'}";
  // Not synchronized, but the body is called from another database.
  send("EVAL", script, "1", "in 0", "x");
  send("SELECT", "3");
  send("EVALSHA", shaOf(script), "2", "none", "-");
  const many = Array.from({ length: 40 }, (_, n) => `argument ${n}`);
  send("EVALSHA", shaOf(script), "2", "many", "other", ...many);
  await caughtUp();
  await destination.select(5);
  expect(await destination.lrange("none", 0, -1)).toEqual(["2", "0"]);
  expect(await destination.lrange("many", 0, -1)).toEqual(["2", "40", ...many]);
  await destination.select(0);
  expect(await destination.exists("in 0")).toBe(0);
  await sync.stop();
  expect(sync.refused()).toMatchObject([{ kind: "skipped", command: "EVAL", reasonCode: "DB_NOT_SELECTED" }]);
  expect(sync.scripts()).toMatchObject([{ ran: 2, lastAnswer: "(array of 2)" }]);
});

test("an expiry that a script sets counts from when the source ran it", async () => {
  const { shard, destination, sync, send, shardHasRun, caughtUp } = await running();
  await sync.stop();
  const script = `
    redis.call('SET', ARGV[1], 'v', 'EX', 100, 'NX')
    redis.call('setex', ARGV[2], 100, 'v')
    redis.call('SET', ARGV[3], 'v')
    redis.call('PEXPIRE', ARGV[3], '100000')
    return redis.pcall('psetex', ARGV[4], 100000, 'v')`;
  const keys = ["by SET", "by SETEX", "by PEXPIRE", "by PSETEX"];
  // Keys that the call does not name are not copied again, which would put them right too.
  send("EVAL", script, "0", ...keys);
  await shardHasRun();
  await until(async () => (await shard.pttl("by SET")) < 97_000, {
    what: "3 s have gone",
    timeoutMs: 30_000,
  });
  sync.start();
  await sync.reaches("synchronizing");
  await caughtUp();
  for (const key of keys) {
    const [here, there] = await Promise.all([shard.pttl(key), destination.pttl(key)]);
    expect(Math.abs(here - there), key).toBeLessThan(1500);
  }
  await sync.stop();
  expect(sync.scripts()).toMatchObject([{ ran: 1, failed: 0, lastAnswer: "OK" }]);
});

test("FLUSHALL in a script flushes nothing, is logged and alerted, and the rest of the script runs", async () => {
  const { destination, sync, send, caughtUp } = await running();
  await destination.set("of another shard", 1);
  const script = "redis.call('flushall') redis.call('FlushDB') return redis.call('SET', KEYS[1], 'v')";
  for (let n = 0; n < 3; n++) send("EVAL", script, "1", "key");
  await caughtUp();
  expect(await destination.mget("of another shard", "key")).toEqual(["1", "v"]);
  await sync.stop();
  expect(sync.refused()).toMatchObject([
    { kind: "skipped", command: "EVAL", reasonCode: "FLUSHALL", count: 3 },
  ]);
  expect(sync.refused()[0]?.samples[0]).toMatch(/^EVAL redis\.call\('flushall'\).* 1 key$/);
  expect(sync.eventsOf("script-flush-skipped")).toMatchObject([{ level: "alert" }]);
  expect(sync.scripts()).toMatchObject([{ ran: 3, failed: 0 }]);
});

test("a script that changes databases reaches the destination's, and fails at one that is not synchronized", async () => {
  const databases = {
    kind: "pairs",
    pairs: [
      { source: 0, destination: 0 },
      { source: 3, destination: 5 },
    ],
  } as const;
  const { shard, destination, sync, send, caughtUp } = await running({ databases });
  send("EVAL", "redis.call('SELECT', 3) redis.call('SET', 'in 3', 1) redis.call('MOVE', 'in 3', 0)", "0");
  send("EVAL", "redis.call('select', '3') return redis.call('SET', KEYS[1], 'x')", "1", "stays in 3");
  send("SET", "moves out", "1");
  send("EVAL", "return redis.call('MOVE', KEYS[1], 1)", "1", "moves out");
  const fails =
    "redis.call('SET', KEYS[1], 1) redis.call('SELECT', 1) redis.call('SELECT', 0) redis.call('INCR', KEYS[1])";
  send("EVAL", fails, "1", "fails");
  await caughtUp();
  await until(async () => (await destination.get("fails")) === "2", {
    what: "the key of the script that failed is copied again",
    timeoutMs: 30_000,
  });
  expect(await destination.mget("in 3", "moves out")).toEqual(["1", null]);
  await destination.select(5);
  expect(await destination.keys("*")).toEqual(["stays in 3"]);
  await destination.select(1);
  expect(await destination.dbsize()).toBe(0);
  expect(await shard.get("fails")).toBe("2");
  await sync.stop();
  const failed = sync.scripts().find((script) => script.failed > 0);
  expect(failed).toMatchObject({ sha: shaOf(fails), ran: 0, failed: 1, lastFailed: true });
  expect(failed?.lastAnswer).toContain("database 1 is not synchronized");
  expect(sync.refused()).toMatchObject([{ kind: "rejected", command: "EVAL", count: 1 }]);
});

test("a script whose body nobody knows is said, and the keys that it names are copied again", async () => {
  const { shard, destination, sync, send, caughtUp } = await running();
  // The shard has it from elsewhere.
  await shard.script("LOAD", push);
  send("RPUSH", "list", "before");
  send("EVALSHA", shaOf(push), "1", "list", "a");
  send("EVALSHA", shaOf(push), "1", "list", "b");
  await caughtUp();
  await until(async () => (await destination.llen("list")) === 3, {
    what: "the list is copied again",
    timeoutMs: 30_000,
  });
  send("RPUSH", "list", "after");
  await caughtUp();
  expect(await destination.lrange("list", 0, -1)).toEqual(["before", "a", "b", "after"]);
  await sync.stop();
  expect(sync.refused("EVALSHA")).toMatchObject([{ kind: "skipped", reasonCode: "NOSCRIPT", count: 2 }]);
  expect(sync.eventsOf("script-unknown")).toMatchObject([{ level: "alert" }]);
  const causes = sync.latest?.differs?.causes.map(({ code }) => code);
  expect(causes).toEqual(expect.arrayContaining(["NOSCRIPT", "SCRIPT_UNKNOWN"]));
});

test("a script that fails on the source too is recorded with its error, and its keys are as on the source", async () => {
  const { shard, destination, sync, send, caughtUp } = await running();
  const script = "redis.call('INCR', KEYS[1])\nerror('no more')";
  send("EVAL", script, "1", "counter");
  send("SET", "after", "1");
  await caughtUp();
  await until(async () => (await destination.get("counter")) === (await shard.get("counter")), {
    what: "the key is as on the source",
  });
  expect(await destination.mget("counter", "after")).toEqual(["1", "1"]);
  await sync.stop();
  expect(sync.scripts()).toMatchObject([{ failed: 1, lastAnswer: expect.stringContaining("no more") }]);
});

test("a script sees sets and hashes sorted, as on an old master", async () => {
  const { destination, sync, send, caughtUp } = await running();
  const names = Array.from({ length: 30 }, (_, n) => `m${(n * 7919) % 97}`);
  const sorted = [...names].sort();
  // Hash tables, whose order is chance: of texts, and with a value that no listpack takes.
  send("SADD", "set", ...names);
  send("HSET", "hash", ...names.flatMap((name) => [name, "v".repeat(65)]));
  const scripts = ["SMEMBERS", "HKEYS"].map(
    (command) => `return table.concat(redis.call('${command}', KEYS[1]), ' ') --`,
  );
  send("EVAL", scripts[0]!, "1", "set");
  send("EVAL", scripts[1]!, "1", "hash");
  await caughtUp();
  expect(await destination.smembers("set")).not.toEqual(sorted);
  expect(await destination.hkeys("hash")).not.toEqual(sorted);
  await sync.stop();
  // What was written could be copied again from the shard, which is no old master; what was answered is not.
  expect(sync.scripts()).toMatchObject(
    scripts.map((script) => ({ sha: shaOf(script), ran: 1, lastAnswer: sorted.join(" ") })),
  );
});

test("scripts in the RDB are known to the stream after it", async () => {
  const counts = "return redis.call('INCRBY', KEYS[1], ARGV[1])";
  const master = await startOldMaster(smallRdb({ "redis-ver": "4.0.14", lua: counts }));
  const destination = await startRedis({ binary });
  const sync = new SyncForTest({ source: endpointAt(master), destination: endpointAt(destination) }).start();
  await sync.reaches("synchronizing");
  expect(await destination.client.script("EXISTS", shaOf(counts))).toEqual([1]);
  await destination.client.script("FLUSH");
  master.send("SELECT", "0");
  // It is there: a key that is not may have expired early, and would be asked for.
  master.send("SET", "counter", "1");
  master.send("EVALSHA", shaOf(counts), "1", "counter", "4");
  await until(async () => (await destination.client.get("counter")) === "5", {
    what: "the script has run",
    timeoutMs: 30_000,
  });
  await sync.stop({ forgetCheckpoint: true });
  expect(await destination.client.keys("*")).toEqual(["counter"]);
});

// A server that the machine need not have: npm run test:matrix fetches it, and runs these with it.
const old = fetchedServer("redis-6.0")?.binary;
const withoutOld = old === undefined && process.env.TEST_MATRIX === undefined;

function oldBinary(): string {
  if (old === undefined) throw new Error("Redis 6.0 was not fetched: npm run test:matrix fetches it");
  return old;
}

test.skipIf(withoutOld)("a Redis 6.0 that sends scripts as they were called", async () => {
  const shard = await startRedis({ binary: oldBinary(), conf: { "lua-replicate-commands": "no" } });
  const source = shard.client;
  const destination = await startRedis({ binary });
  const sum =
    "local n = 0 for _, m in ipairs(redis.call('SMEMBERS', KEYS[1])) do n = (n * 31 + tonumber(m)) % 1000003 end redis.call('SETEX', KEYS[2], 1000, string.format('%.0f', n)) return n";
  await source.sadd("set", ...Array.from({ length: 600 }, (_, n) => (n * 7919) % 10_007));
  await source.eval("return redis.call('SET', KEYS[1], 'before the RDB')", 1, "first");
  const early = String(await source.script("LOAD", push));
  const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(destination) }).start();
  await sync.reaches("synchronizing");
  await source.evalsha(early, 1, "list", "a");
  await source.evalsha(early, 1, "list", "b");
  await source.eval(sum, 2, "set", "sum");
  for (let n = 0; n < 20; n++) await source.eval(push, 1, "list", n);
  await source.multi().eval(push, 1, "list", "in a transaction").incr("counter").exec();
  await sync.caughtUp(source, destination.client);
  await sync.stop();
  await source.evalsha(early, 1, "list", "while it was stopped");
  sync.start();
  await sync.reaches("synchronizing");
  await sync.caughtUp(source, destination.client);
  await sync.stop();
  for (const key of ["list", "set", "sum", "counter", "first"]) {
    const digest = (client: typeof source) => client.call("DEBUG", "DIGEST-VALUE", key);
    expect(await digest(destination.client), key).toEqual(await digest(source));
  }
  expect(Math.abs((await source.pttl("sum")) - (await destination.client.pttl("sum")))).toBeLessThan(2000);
  expect(sync.refused()).toEqual([]);
  expect(sync.scripts().find(({ sha }) => sha === early)).toMatchObject({ ran: 24, failed: 0 });
});

test.skipIf(withoutOld)("relative expiries of a Redis 6.0 count from when it set them", async () => {
  const shard = await startRedis({ binary: oldBinary() });
  const source = shard.client;
  const destination = await startRedis({ binary });
  const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(destination) }).start();
  await sync.reaches("synchronizing");
  await source.mset("expire", 1, "pexpire", 1);
  await sync.caughtUp(source, destination.client);
  await sync.stop();
  await source
    .pipeline()
    .setex("setex", 100, "v")
    .psetex("psetex", 100_000, "v")
    .set("set ex", "v", "EX", 100)
    .set("set px", "v", "PX", 100_000)
    .expire("expire", 100)
    .pexpire("pexpire", 100_000)
    .exec();
  await until(async () => (await source.pttl("pexpire")) < 97_000, {
    what: "3 s have gone",
    timeoutMs: 30_000,
  });
  sync.start();
  await sync.reaches("synchronizing");
  await sync.caughtUp(source, destination.client);
  for (const key of ["setex", "psetex", "set ex", "set px", "expire", "pexpire"]) {
    const [here, there] = await Promise.all([source.pttl(key), destination.client.pttl(key)]);
    expect(Math.abs(here - there), key).toBeLessThan(1500);
  }
});
