import { expect, test } from "vitest";
import { canonicalDigest, samePayload } from "../../server/verify/canonical-digest.ts";
import { elementDifferences } from "../../server/verify/element-differences.ts";
import { payloadBody } from "../../server/verify/value-elements.ts";
import { fixtures } from "../rdb/encoding-fixtures.ts";
import { fillAllEncodings } from "../rdb/fill-all-encodings.ts";
import { restorePayload } from "../rdb/rdb-encoder.ts";
import { type RedisServer, startRedis } from "../servers/index.ts";

const unexpressed = /^(array|sorted set with scores as text)$/;
const dump = async ({ client }: RedisServer, key: string) => (await client.dumpBuffer(key))!;
/** A server that keeps every value in the encodings of large ones, and compresses nothing. */
const large = {
  "hash-max-listpack-entries": "0",
  "set-max-intset-entries": "0",
  "zset-max-listpack-entries": "0",
  "list-max-listpack-size": "1",
  "stream-node-max-entries": "2",
  rdbcompression: "no",
};
const server = await startRedis();
const other = await startRedis({ conf: large });

test.each(
  fixtures.filter(
    ({ name, commands }) => !unexpressed.test(name) && !commands.some((one) => one.startsWith("HPEXPIREAT")),
  ),
)(
  "gives a $name the digest of what its commands make in other encodings",
  async ({ type, value, commands }) => {
    const payload = restorePayload(type, value, 11);
    for (const { client } of [server, other]) await client.flushall();
    for (const command of commands) {
      const [verb, ...args] = command.split(" ");
      await server.client.call(verb!, ...args);
    }
    const made = await dump(server, "k");
    await other.client.restore("k", 0, made);
    // What commands cannot make of a stream (a pending entry without its entry) is told apart.
    const stream = commands.some((command) => command.startsWith("XADD"));
    if (!stream) expect(await samePayload(payload, made)).toBe("equal");
    expect(await samePayload(made, await dump(other, "k"))).toBe("equal");
  },
);

test.each(fixtures)(
  "gives a $name the same digest each time, and tells it from every other",
  async (fixture) => {
    const payload = restorePayload(fixture.type, fixture.value, 11);
    const digest = await canonicalDigest(payload);
    if (fixture.name === "array") return expect(digest).toBeNull();
    expect(digest).toBe(await canonicalDigest(Buffer.from(payload)));
    for (const { name, type, value, commands } of fixtures) {
      if (name === "array" || commands.join() === fixture.commands.join()) continue;
      expect(await canonicalDigest(restorePayload(type, value, 11)), name).not.toBe(digest);
    }
  },
);

test("takes every value for equal in the encodings of another server", async () => {
  await other.client.flushall();
  await server.client.flushall();
  await fillAllEncodings(server.client);
  let otherwise = 0;
  for (const key of await server.client.keysBuffer("*")) {
    const payload = (await server.client.dumpBuffer(key))!;
    await other.client.restore(key, 0, payload);
    const there = (await other.client.dumpBuffer(key))!;
    if (!payloadBody(payload).equals(payloadBody(there))) otherwise++;
    expect(await samePayload(payload, there), key.toString()).toBe("equal");
  }
  // Else nothing was tried.
  expect(otherwise).toBeGreaterThan(10);
});

const changes: [name: string, before: string[][], change: string[], part: string, place: string][] = [
  ["a string", [["SET", "k", "hello"]], ["SETRANGE", "k", "3", "L"], "string", "3"],
  ["a list", [["RPUSH", "k", "a", "b", "c"]], ["LSET", "k", "1", "x"], "position", "1"],
  ["a set", [["SADD", "k", "a", "b"]], ["SREM", "k", "b"], "member", "b"],
  ["a score", [["ZADD", "k", "0.1", "m"]], ["ZINCRBY", "k", "1e-16", "m"], "score", "m"],
  ["a hash", [["HSET", "k", "f", "1", "g", "2"]], ["HSET", "k", "g", "3"], "field", "g"],
  [
    "an entry",
    [
      ["XADD", "k", "1-1", "f", "v"],
      ["XADD", "k", "1-2", "f", "v"],
    ],
    ["XDEL", "k", "1-1"],
    "entry",
    "1-1",
  ],
  [
    "a group",
    [
      ["XADD", "k", "1-1", "f", "v"],
      ["XGROUP", "CREATE", "k", "g", "0"],
    ],
    ["XGROUP", "SETID", "k", "g", "1-1"],
    "group",
    "g",
  ],
  [
    "a consumer",
    [
      ["XADD", "k", "1-1", "f", "v"],
      ["XGROUP", "CREATE", "k", "g", "0"],
    ],
    ["XGROUP", "CREATECONSUMER", "k", "g", "c"],
    "consumer",
    "g c",
  ],
  [
    "a pending entry",
    [
      ["XADD", "k", "1-1", "f", "v"],
      ["XGROUP", "CREATE", "k", "g", "0"],
      ["XREADGROUP", "GROUP", "g", "c", "STREAMS", "k", ">"],
    ],
    ["XACK", "k", "g", "1-1"],
    "pending entry",
    "g 1-1",
  ],
];

test.each(changes)("tells which part of %s differs", async (_, before, change, part, place) => {
  const { client } = server;
  await client.flushall();
  for (const [verb, ...args] of before) await client.call(verb!, ...args);
  const first = await dump(server, "k");
  await client.call(change[0]!, ...change.slice(1));
  const second = await dump(server, "k");
  expect(await samePayload(first, second)).toBe("different");
  const found = await elementDifferences(first, second, 5);
  expect(found.map(({ part, name }) => `${part} ${name.toString()}`)).toContain(`${part} ${place}`);
});

test("tells a field's expiry", async () => {
  const fixture = fixtures.find(({ name }) => name === "hash with field expiry")!;
  const payload = restorePayload(fixture.type, fixture.value, 12);
  const changed = Buffer.from(fixture.value);
  // The least of all expiries comes first.
  changed.writeBigUInt64LE(changed.readBigUInt64LE(0) + 1n, 0);
  const found = await elementDifferences(payload, restorePayload(fixture.type, changed, 12), 5);
  expect(found.length).toBeGreaterThan(0);
  expect(new Set(found.map(({ part }) => part))).toEqual(new Set(["field expiry"]));
});

test("leaves a module's value undecided unless its bytes are equal", async () => {
  const one = restorePayload(7, Buffer.from([1, 2, 3]), 11);
  expect(await samePayload(one, restorePayload(7, Buffer.from([1, 2, 4]), 11))).toBe("undecided");
  expect(await samePayload(one, restorePayload(7, Buffer.from([1, 2, 3]), 10))).toBe("equal");
});
