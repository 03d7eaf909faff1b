import { expect, test } from "vitest";
import { heldBackBy } from "../../../server/sync/expiry/held-back-expiries.ts";
import { scriptPrelude } from "../../../server/sync/scripting/script-prelude.ts";
import { startRedis } from "../../servers/index.ts";

// Another destination can be tried: TEST_REDIS_SERVER=<path>.
const binary = process.env.TEST_REDIS_SERVER ?? "redis-server";
const server = await startRedis({ binary });
const { client } = server;
const sha = "0123456789012345678901234567890123456789";
const noted = "tributary:doubtful:test:s0";
const heldBack = heldBackBy(0);

type Run = {
  readonly keys?: readonly string[];
  readonly args?: readonly (string | number)[];
  readonly siblings?: boolean;
  /** It is known to write what it declares alone. */
  readonly declares?: boolean;
  /** What it declares may be other than on the shard. */
  readonly unsure?: boolean;
  /** ms that the source is behind. */
  readonly behindMs?: number;
  readonly heldBackBefore?: number;
};

/** Runs a script as the destination does, on whatever is there. @returns its answer, and what it has noted. */
async function run(body: string, { keys = [], args = [], siblings, declares, unsure, ...time }: Run = {}) {
  const prelude = scriptPrelude({
    databases: { kind: "all" },
    publish: "forward",
    doubtfulKey: noted,
    checkpointDb: 5,
    distance: heldBack,
  });
  const now = Date.now();
  const times = [now - (time.behindMs ?? 0), now, time.heldBackBefore ?? 0];
  const flags = [siblings, declares, unsure].map((flag) => (flag ? 1 : 0));
  const last = [...times, ...flags, 0, 0, sha].join(" ");
  await client.select(0);
  const answer = await client.eval(prelude + body, keys.length, ...keys, ...args, last);
  await client.select(5);
  const members = (await client.smembers(noted)).sort();
  await client.del(noted);
  await client.select(0);
  return { answer, noted: members };
}

/** Begins anew. */
async function empty(): Promise<void> {
  await client.flushall();
}

test.each([
  "redis.call('FLUSHALL')",
  "redis.pcall('flushdb')",
  "_G.redis.call('FLUSHALL')",
  "_G['redis'].call('FLUSHALL')",
  "rawget(_G, 'redis').call('FLUSHALL')",
  "_G._G.redis.call('FLUSHALL')",
  "getfenv().redis.call('FLUSHALL')",
  "getfenv(0).redis.call('FLUSHALL')",
  "getfenv(1)._G.redis.call('FLUSHALL')",
  "loadstring('redis.call([[FLUSHALL]])')()",
  "loadstring('return redis')().call('FLUSHALL')",
  "loadstring('return _G')().redis.call('FLUSHALL')",
  "loadstring('return loadstring([[return redis]])()')().call('FLUSHALL')",
  "_G.loadstring('return ...')(redis).call('FLUSHALL')",
  "for name, value in pairs(_G) do if name == 'redis' then value.call('FLUSHALL') end end",
  "coroutine.wrap(function() redis.call('FLUSHALL') end)()",
  "local call = redis.call; call('FLUSH' .. 'ALL')",
  "local parts = {'redis.call(', '[[FLUSHALL]])'}; load(function() return table.remove(parts, 1) end)()",
  "pcall(redis.call, 'FLUSHALL')",
])("flushes nothing by %s", async (body) => {
  await empty();
  await client.set("of another shard", 1);
  await run(`${body} return redis.call('SET', KEYS[1], 'v')`, { keys: ["key"] });
  expect(await client.mget("of another shard", "key")).toEqual(["1", "v"]);
});

test("draws the numbers of an old master, from the first one in each script", async () => {
  const draws = "return {tostring(math.random()), math.random(1000000), math.random(10, 20)}";
  const { answer } = await run(draws);
  // redis: what every version up to 6.2 answers.
  expect((answer as string[])[0]).toBe("0.17082803611217");
  expect((await run(draws)).answer).toEqual(answer);
});

test.each([
  ["SETEX", "'SETEX', KEYS[1], 0, 'new'"],
  ["SETEX", "'SETEX', KEYS[1], -5, 'new'"],
  ["PSETEX", "'PSETEX', KEYS[1], -5, 'new'"],
  ["SET", "'SET', KEYS[1], 'new', 'PX', 0"],
  ["SET", "'SET', KEYS[1], 'new', 'EX', '1.5'"],
  ["SET", "'SET', KEYS[1], 'new', 'EX', 1.5"],
  ["SET", "'SET', KEYS[1], 'new', 'EX', ' 5'"],
  ["SET", "'SET', KEYS[1], 'new', 'EX', '0x10'"],
  ["SET", "'SET', KEYS[1], 'new', 'EX'"],
  ["EXPIRE", "'EXPIRE', KEYS[1], '1.5'"],
  ["SETEX", "'SETEX', KEYS[1], '1e3', 'new'"],
])("what an old master refuses of %s leaves the value: %s", async (_, call) => {
  await empty();
  await client.set("key", "old");
  const { answer } = await run(`return redis.pcall(${call}).err`, { keys: ["key"] });
  expect(String(answer)).toMatch(/invalid expire|not an integer|syntax error/i);
  expect(await client.get("key")).toBe("old");
  expect(await client.pttl("key")).toBe(-1);
});

test("refuses to write after a command whose answer is chance, as an old master does", async () => {
  await empty();
  await client.sadd("set", "a", "b");
  const body = "redis.call('INCR', KEYS[1]) redis.call('TIME') return redis.pcall('INCR', KEYS[1]).err";
  expect((await run(body, { keys: ["counter"] })).answer).toMatch(/non deterministic/);
  expect(await client.get("counter")).toBe("1");
});

test("turning effects on is refused, as after the first write on an old master", async () => {
  expect((await run("return tostring(redis.replicate_commands())")).answer).toBe("false");
  expect((await run("return tostring(pcall(redis.set_repl, 0))")).answer).toBe("false");
});

test("a script that reads nothing unsure notes nothing", async () => {
  await empty();
  await client.mset("a", 1, "made up", 2);
  const body =
    "redis.call('INCR', KEYS[1]) return redis.call('INCRBY', 'made up', redis.call('GET', KEYS[1]))";
  expect(await run(body, { keys: ["a"] })).toEqual({ answer: 4, noted: [] });
});

test("a script that reads a key that is not there notes what it declares and writes, before and after", async () => {
  await empty();
  await client.mset("a", 1, "made up", 2);
  const body = `
    redis.call('INCR', 'made up')
    if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('INCR', KEYS[2]) end
    redis.call('SELECT', 3)
    redis.call('SET', 'in 3', 1)`;
  const { noted } = await run(body, { keys: ["gone", "a"] });
  expect(noted).toEqual([
    "merge 0:a",
    "merge 0:gone",
    "merge 0:made up",
    "merge 3:in 3",
    `script 0:undeclared ${sha}`,
  ]);
  expect(await client.get("made up")).toBe("3");
});

test("a script that has not written what it does not declare is noted all the same once it reads something unsure", async () => {
  await empty();
  const body = "if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('SET', 'made up', 1) end";
  const undeclared = `script 0:undeclared ${sha}`;
  expect((await run(body, { keys: ["gone"] })).noted).toEqual(["merge 0:gone", undeclared]);
  const behind = { behindMs: 1000, heldBackBefore: Date.now() + 1_000_000 };
  expect((await run(body, { keys: ["gone"], ...behind })).noted).toEqual(["merge 0:gone", undeclared]);
  expect((await run(body, { keys: ["gone"], declares: true })).noted).toEqual(["merge 0:gone"]);
});

test("with siblings a key that a script reads and does not declare may be another shard's", async () => {
  await empty();
  await client.mset("made up", "of another shard", "key", "old");
  const body = "return redis.call('SET', KEYS[1], redis.call('GET', 'made up'))";
  const run1 = { keys: ["key"], declares: true };
  expect((await run(body, run1)).noted).toEqual([]);
  expect((await run(body, { ...run1, siblings: true })).noted).toEqual(["merge 0:key"]);
});

test("a script that is unsure from the start notes what it declares", async () => {
  await empty();
  await client.set("key", 1);
  const { noted } = await run("return redis.call('INCR', KEYS[1])", {
    keys: ["key"],
    siblings: true,
    declares: true,
    unsure: true,
  });
  expect(noted).toEqual(["merge 0:key"]);
});

test.each([
  ["redis.call", "pcall(redis.call, 'LPUSH', KEYS[1], 'x')"],
  ["a function that calls redis.call", "pcall(function() redis.call('LPUSH', KEYS[1], 'x') end)"],
])("an error that a script catches from %s is a text, as on an old master", async (_, caught) => {
  await empty();
  await client.set("key", 1);
  const body = `local ok, e = ${caught} return {tostring(ok), type(e), string.find(e, 'WRONGTYPE') or 0}`;
  expect((await run(body, { keys: ["key"] })).answer).toEqual(["false", "string", 1]);
  const returned = await run("return redis.pcall('LPUSH', KEYS[1], 'x').err", { keys: ["key"] });
  expect(returned.answer).toMatch(/^WRONGTYPE /);
});

test("a command that the destination alone refuses makes what follows unsure", async () => {
  await empty();
  await client.set("key", 1);
  const body = "redis.pcall('NEWER', KEYS[1]) return redis.call('SET', KEYS[1], 1)";
  expect((await run(body, { keys: ["key"], declares: true })).noted).toEqual(["merge 0:key"]);
});

test("while the stream is behind, expiries are held back, and lives are told as the source told them", async () => {
  await empty();
  const at = Date.now() - 60_000;
  const body = `
    redis.call('SETEX', KEYS[1], 10, 'v')
    redis.call('SET', KEYS[2], 'v', 'PX', 90000)
    redis.call('EXPIRE', KEYS[2], 20)
    redis.call('SET', KEYS[3], 'v')
    redis.call('EXPIRE', KEYS[3], -1)
    return {redis.call('TTL', KEYS[1]), redis.call('TTL', KEYS[2])}`;
  const { answer, noted } = await run(body, {
    keys: ["a", "b", "c"],
    declares: true,
    behindMs: Date.now() - at,
    heldBackBefore: Date.now() + 1_000_000,
  });
  expect(answer).toEqual([10, 20]);
  expect(noted).toEqual(["merge 0:a", "merge 0:b", "merge 0:c"]);
  expect(await client.exists("c")).toBe(0);
  const life = (await client.pttl("a")) - heldBack;
  expect(life).toBeGreaterThan(-60_000);
  expect(life).toBeLessThan(-30_000);
});

test("KEYS, SCAN and DBSIZE: alone a script sees all but Tributary's own, and what it writes is noted", async () => {
  await empty();
  await client.mset("p:1", 1, "p:2", 2, "other", 3);
  const body =
    "for _, key in ipairs(redis.call('KEYS', 'p:*')) do redis.call('DEL', key) end return #redis.call('KEYS', '*')";
  const { answer, noted } = await run(body, { keys: ["other"] });
  expect(answer).toBe(1);
  expect(noted).toEqual(["merge 0:other", "merge 0:p:1", "merge 0:p:2", `script 0:keyspace ${sha}`]);
  expect(await client.keys("*")).toEqual(["other"]);
});

test.each([
  ["KEYS", "for _, key in ipairs(redis.call('KEYS', 'p:*')) do redis.call('DEL', key) end"],
  [
    "KEYS by another name",
    "local c = 'ke' .. 'ys' for _, key in ipairs(redis.call(c, 'p:*')) do redis.call('DEL', key) end",
  ],
  ["DBSIZE", "if redis.call('DBSIZE') > 1 then redis.call('DEL', 'p:1', 'p:2') end"],
])("with siblings a script that asks %s writes nothing from there on, and notes it", async (_, body) => {
  await empty();
  await client.mset("p:1", 1, "p:2", 2, "other", 3);
  const { noted } = await run(`redis.call('INCR', KEYS[1]) ${body} redis.call('SET', KEYS[1], 'x')`, {
    keys: ["other"],
    siblings: true,
  });
  expect(noted).toEqual(["merge 0:other", "merge 0:p:1", "merge 0:p:2", `script 0:keyspace ${sha}`]);
  expect(await client.mget("p:1", "p:2", "other")).toEqual(["1", "2", "4"]);
});

test("with siblings a key that a script makes up is not removed, renamed or let expire, and is noted", async () => {
  await empty();
  for (const key of ["a", "b", "c", "d", "e", "own"]) await client.set(key, 1);
  await client.expire("e", 1000);
  const body = `return {
    redis.call('DEL', 'a', KEYS[1], 'nothing'), redis.call('UNLINK', 'a'), redis.call('EXPIRE', 'b', 5),
    redis.call('RENAME', 'c', 'new').ok, redis.call('MOVE', 'd', 1), redis.call('PERSIST', 'e')}`;
  const { answer, noted } = await run(body, { keys: ["own"], siblings: true });
  expect(answer).toEqual([2, 1, 1, "OK", 1, 1]);
  expect(noted.filter((member) => member.startsWith("merge"))).toEqual(
    ["a", "b", "c", "d", "e", "new", "nothing", "own"].map((key) => `merge 0:${key}`),
  );
  expect((await client.keys("*")).sort()).toEqual(["a", "b", "c", "d", "e"]);
  expect(await client.ttl("b")).toBe(-1);
  expect(await client.ttl("e")).toBeGreaterThan(900);
});

test("a script's own expiry is as it sets it, and one of several keys is found by its place", async () => {
  await empty();
  const body = `
    redis.call('MSET', KEYS[1], 'a', KEYS[2], 'b')
    redis.call('SADD', 's1', 'x') redis.call('SUNIONSTORE', 's2', 's1')
    redis.call('ZADD', 'z1', 1, 'm') redis.call('ZUNIONSTORE', 'z2', 1, 'z1')
    redis.call('BITOP', 'NOT', 'bits', KEYS[1]) redis.call('SORT', 's1', 'ALPHA', 'STORE', 'sorted')`;
  const { noted } = await run(body, { keys: ["k1", "k2"] });
  expect(noted.map((member) => member.replace(/^\w+ 0:/, ""))).toEqual(
    expect.arrayContaining(["k1", "k2", "s1", "s2", "z1", "z2", "bits", "sorted"]),
  );
});
