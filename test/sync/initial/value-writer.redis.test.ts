import type { Redis } from "ioredis";
import { expect, test } from "vitest";
import type { RdbEntry } from "../../../server/rdb/rdb-visitor.ts";
import { parseInfo, serverFacts } from "../../../server/redis/server-info.ts";
import {
  abilitiesOf,
  type DestinationAbilities,
} from "../../../server/sync/destination/destination-abilities.ts";
import { DestinationLink } from "../../../server/sync/destination/destination-link.ts";
import { ValueWriter } from "../../../server/sync/initial/value-writer.ts";
import { startRedis, until } from "../../servers/index.ts";
import { endpointAt } from "../harness/sync-for-test.ts";

const redis = await startRedis({ conf: { "maxmemory-policy": "noeviction" } });
const facts = serverFacts(parseInfo(await redis.client.info()));
const own = abilitiesOf(facts, facts.redisVersion);

const makers: Readonly<Record<string, (client: Redis, key: string) => Promise<unknown>>> = {
  "short string": (client, key) => client.set(key, "value"),
  "empty string": (client, key) => client.set(key, ""),
  "string of 63 bytes": (client, key) =>
    client.set(
      key,
      "x".repeat(63).replace(/x/g, () => letter()),
    ),
  "string of 64 bytes": (client, key) =>
    client.set(
      key,
      "x".repeat(64).replace(/x/g, () => letter()),
    ),
  "string of 16,384 bytes": (client, key) =>
    client.set(
      key,
      "x".repeat(16_384).replace(/x/g, () => letter()),
    ),
  "string of 300,000 bytes": (client, key) =>
    client.set(
      key,
      "x".repeat(300_000).replace(/x/g, () => letter()),
    ),
  "compressed string": (client, key) => client.set(key, "x".repeat(10_000)),
  integer: (client, key) => client.set(key, "-12345"),
  list: (client, key) => client.rpush(key, "a", "b", "c"),
  hash: (client, key) => client.hset(key, "f", "1", "g", "x".repeat(60)),
  "sorted set": (client, key) => client.zadd(key, 0.1, "a", "-inf", "b"),
  stream: (client, key) => client.xadd(key, "1-1", "f", "v"),
};

let letters = 0;
/** Text that LZF does not shorten. */
function letter(): string {
  letters = (Math.imul(letters, 1_103_515_245) + 12_345) >>> 0;
  return String.fromCharCode(33 + ((letters >>> 16) % 90));
}

/** Abilities of older destinations: all that a newer one still understands. */
const abilities: Readonly<Record<string, DestinationAbilities>> = {
  own,
  "without SET PXAT": { ...own, setPxat: false },
  "without RESTORE ABSTTL": { ...own, setPxat: false, restoreAbsTtl: false },
  "without RESTORE REPLACE": { ...own, setPxat: false, restoreAbsTtl: false, restoreReplace: false },
};
const lives = [
  { name: "no expiry", expireAt: -1 },
  { name: "an expiry far away", expireAt: Date.now() + 1_000_000_000 },
  { name: "an expiry past", expireAt: 1_000 },
  { name: "an expiry at 0", expireAt: 0 },
];
const uses = [
  { name: "", idle: -1, freq: -1 },
  { name: " and an idle time", idle: 1_000, freq: -1 },
  { name: " and a frequency", idle: -1, freq: 99 },
  { name: " and both", idle: 1_000, freq: 99 },
];

test.each(Object.keys(abilities))(
  "a destination of abilities '%s' gets every value with its life, over an old one",
  async (name) => {
    const answers: string[] = [];
    const link = await DestinationLink.open({
      endpoint: endpointAt(redis),
      name: "test",
      db: 0,
      runId: "",
      timeoutMs: 5_000,
      silenceMs: 30_000,
      guard: null,
      signal: new AbortController().signal,
      handler: {
        value: (depth) => {
          if (depth === 0) answers.push("value");
          return false;
        },
        text: () => {},
        error: (_, text) => answers.push(text),
        array: () => {},
        arrayEnd: () => {},
      },
      onWake: () => {},
    });
    const writer = new ValueWriter(abilities[name]!, Date.now);
    const { client } = redis;
    await client.flushall();
    const cases: { key: string; original: string; expireAt: number; what: string; idle: number }[] = [];
    let n = 0;
    for (const [type, make] of Object.entries(makers)) {
      const original = `original:${type}`;
      await client.del(original);
      await make(client, original);
      const payload = (await client.dumpBuffer(original))!;
      const value = payload.subarray(1, payload.length - 10);
      for (const life of lives) {
        for (const use of uses) {
          const key = `copy:${n++}`;
          await client.rpush(key, "an old value of another type");
          const entry: RdbEntry = {
            db: 0,
            key: Buffer.from(key),
            type: payload[0]!,
            offset: 7,
            ...life,
            ...use,
          };
          // In the midst of other bytes, as in an RDB.
          const around = Buffer.concat([Buffer.alloc(7, 0xee), value, Buffer.alloc(7, 0xee)]);
          expect(writer.write(link, entry, around, 7, 7 + value.length)).toBe(true);
          cases.push({
            key,
            original,
            expireAt: life.expireAt,
            what: `${type}, ${life.name}${use.name}`,
            idle: use.idle,
          });
          while (link.full) {
            link.flush();
            await link.changed();
            link.release(answers.length);
          }
        }
      }
    }
    link.flush();
    await until(() => answers.length >= link.commands, { what: "all is answered" });
    link.close();
    expect(answers.filter((answer) => answer !== "value")).toEqual([]);
    for (const { key, original, expireAt, what, idle } of cases) {
      if (expireAt >= 0 && expireAt <= Date.now()) {
        expect(await client.exists(key), what).toBe(0);
        continue;
      }
      // Before DUMP, which counts as a use. SET knows no idle time.
      if (idle > 0 && abilities[name]!.restoreAbsTtl && !/string/.test(what.split(",")[0]!)) {
        expect(await client.object("IDLETIME", key), what).toBeGreaterThanOrEqual(1_000);
      }
      const [copy, first] = await Promise.all([client.dumpBuffer(key), client.dumpBuffer(original)]);
      expect(copy?.equals(first!), what).toBe(true);
      const at = Number(await client.call("PEXPIRETIME", key));
      if (expireAt < 0) expect(at, what).toBe(-1);
      else expect(Math.abs(at - expireAt), what).toBeLessThan(abilities[name]!.restoreAbsTtl ? 1 : 5_000);
    }
    await client.flushall();
  },
);

test("an encoding that the destination does not know is left to be decoded", async () => {
  const writer = new ValueWriter({ ...own, restoreVersion: () => null }, Date.now);
  const entry = { db: 0, key: Buffer.from("key"), type: 18, expireAt: -1, idle: -1, freq: -1, offset: -1 };
  // The link is not touched.
  expect(writer.write(null as unknown as DestinationLink, entry, Buffer.alloc(10), 0, 10)).toBe(false);
});
