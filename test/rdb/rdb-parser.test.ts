import { describe, expect, test } from "vitest";
import type { TributaryError } from "../../server/errors/tributary-error.ts";
import { parseRdb, type RdbParseOptions } from "../../server/rdb/rdb-parser.ts";
import * as type from "../../server/rdb/rdb-type.ts";
import { seededRandom } from "../traffic/seeded-random.ts";
import { CollectingVisitor, randomSizes, sourceOf } from "./collecting-visitor.ts";
import * as encode from "./rdb-encoder.ts";

const value = encode.string("value");
const moduleId = encode.moduleId("ReJSON-RL", 3);

describe("what stands between values", () => {
  test("is passed whatever its kind, and keys keep their own expiry, idle time and frequency", async () => {
    const visitor = await parsed(
      encode.rdb([
        Buffer.from([250]),
        encode.strings("redis-ver", "7.0.15"),
        Buffer.from([250]),
        encode.string("ctime"),
        Buffer.from([0xc2, 1, 2, 3, 4]),
        Buffer.from([245]),
        encode.string("#!lua name=l"),
        Buffer.from([254]),
        encode.length(7),
        Buffer.from([251]),
        encode.length(3),
        encode.length(1),
        Buffer.from([244]),
        encode.length(1),
        encode.length(20_000),
        encode.length(0),
        Buffer.from([252]),
        encode.int64(4_102_444_800_123),
        Buffer.from([248]),
        encode.length(99),
        encode.key(0, "a", value),
        Buffer.from([253, 0x00, 0x00, 0x00, 0x70]),
        Buffer.from([249, 5]),
        encode.key(0, "b", value),
        encode.key(0, "c", value),
      ]),
    );
    expect(visitor.facts).toEqual(["REDIS 10", "redis-ver=7.0.15", `ctime=${0x04030201}`, "db7 3 1"]);
    expect(visitor.functions).toEqual(["#!lua name=l"]);
    const facts = visitor.entries.map(({ key, db, expireAt, idle, freq }) => [
      String(key),
      db,
      expireAt,
      idle,
      freq,
    ]);
    expect(facts).toEqual([
      ["a", 7, 4_102_444_800_123, 99, -1],
      ["b", 7, 0x70000000 * 1000, -1, 5],
      ["c", 7, -1, -1, -1],
    ]);
  });

  test("of Valkey 9 is passed: its magic, slot imports, and its own hash type", async () => {
    const hash = Buffer.concat([encode.length(1), encode.strings("f", "v"), encode.int64(-1)]);
    const visitor = await parsed(
      encode.rdb(
        [
          Buffer.from([243]),
          encode.string("j".repeat(40)),
          encode.length(2),
          ...[0, 5, 7, 9].map((n) => encode.length(n)),
          encode.key(22, "h", hash),
        ],
        "VALKEY080",
      ),
    );
    expect(visitor.facts).toEqual(["VALKEY 80"]);
    expect(visitor.entries.map(({ type: kind, raw }) => [kind, raw])).toEqual([
      [type.TYPE_HASH_2_VALKEY, hash],
    ]);
  });

  test("of modules is passed field by field and named, in values, beside them and attached to keys", async () => {
    const fields = Buffer.concat([
      encode.length(1),
      encode.length(2n ** 64n - 1n),
      encode.length(2),
      encode.length(7),
      encode.length(3),
      Buffer.alloc(4),
      encode.length(4),
      Buffer.alloc(8),
      encode.length(5),
      encode.string("text"),
      encode.length(0),
    ]);
    const parts = [
      Buffer.from([247]),
      moduleId,
      encode.length(2),
      encode.length(1),
      fields,
      encode.key(7, "m", Buffer.concat([moduleId, fields])),
      Buffer.from([243]),
      encode.length(1),
      Buffer.alloc(4, 1),
      fields,
      encode.key(0, "after", value),
    ];
    for (const largeValueBytes of [1 << 20, 4]) {
      const visitor = await parsed(encode.rdb(parts), { largeValueBytes });
      expect(visitor.losses).toEqual([
        ": data outside of keys of the module ReJSON-RL (encoding 3)",
        "m: module ReJSON-RL (encoding 3)",
        ": what a module has attached to a key",
      ]);
      expect(visitor.entries.map(({ key }) => String(key))).toEqual(["after"]);
    }
  });

  test("of Redis 8.10, templates of hashes, gives their fields to the hashes", async () => {
    const template = Buffer.concat([
      Buffer.from([242]),
      encode.length(5),
      encode.length(2),
      encode.strings("a", "bb"),
    ]);
    // The two values are those of redis: tests/integration/corrupt-dump.tcl.
    const packed = Buffer.from([13, 13, 0, 0, 0, 3, 0, 5, 1, 1, 1, 2, 1, 255]);
    const strings = Buffer.from([5, 0xc0, 1, 0xc0, 2]);
    const rdb = encode.rdb(
      [template, encode.key(30, "p", packed), encode.key(32, "s", strings), encode.key(0, "k", value)],
      "REDIS0015",
    );
    const visitor = await parsed(rdb);
    const commands = visitor.entries.map(({ commands }) => commands?.map((command) => command.join(" ")));
    expect(commands).toEqual([["DEL p", "HMSET p a 1 bb 2"], ["DEL s", "HMSET s a 1 bb 2"], undefined]);
    const unwanted = new CollectingVisitor();
    unwanted.largeValue = async () => {};
    await parseRdb(
      sourceOf(rdb, () => 3),
      unwanted,
      { role: "the test" },
    );
    expect(unwanted.entries.map(({ key }) => String(key))).toEqual(["k"]);
    const missing = encode.rdb([encode.key(32, "s", strings)]);
    await expect(parsed(missing)).rejects.toMatchObject({
      details: { detail: "there is no hash template 5, in the value of key s" },
    });
  });

  test("of the release candidates of 7.0, a function, is passed and named", async () => {
    const visitor = await parsed(
      encode.rdb([
        Buffer.from([246]),
        encode.strings("f", "LUA"),
        encode.length(1),
        encode.strings("text", "code"),
        encode.key(0, "k", value),
      ]),
    );
    expect(visitor.losses).toEqual([": function f of a pre-release of Redis 7.0"]);
    expect(visitor.entries).toHaveLength(1);
  });
});

describe("the checksum", () => {
  test("is not there before version 5 and may be zero", async () => {
    const old = encode.rdb([encode.key(0, "k", value)], "REDIS0004").subarray(0, -8);
    expect((await parsed(old)).entries).toHaveLength(1);
    expect((await parsed(encode.rdb([encode.key(0, "k", value)], "REDIS0010", false))).entries).toHaveLength(
      1,
    );
  });

  test("that does not match is an error, unless it is not to be verified", async () => {
    const bytes = encode.rdb([encode.key(0, "k", value)]);
    bytes[13]! ^= 1;
    await expect(parsed(bytes)).rejects.toMatchObject({ code: "RDB_CORRUPT" });
    await parsed(bytes, { verifyChecksum: false });
  });
});

describe("a broken RDB", () => {
  test.each([
    ["another magic", Buffer.from("SIDER0010\xff"), 0, "it does not begin with REDIS and a version"],
    ["a version of no digits", Buffer.from("REDIS00x0\xff"), 0, "it does not begin with REDIS and a version"],
    [
      "an end within a value",
      encode.rdb([encode.key(0, "k", value)]).subarray(0, 14),
      14,
      "it ends in the middle",
    ],
    ["an end within the magic", Buffer.from("REDIS"), 5, "it ends in the middle"],
    ["nothing", Buffer.alloc(0), 0, "it ends in the middle"],
    ["an unknown type", encode.rdb([encode.key(8, "k", value)]), 12, "the value type 8 is not known"],
    ["an unknown opcode", encode.rdb([encode.key(200, "k", value)]), 12, "the value type 200 is not known"],
    [
      "an unknown encoding of a string",
      encode.rdb([encode.key(0, "k", Buffer.from([0xc4]))]),
      12,
      "there is no string encoding 4",
    ],
    [
      "an unknown length",
      encode.rdb([encode.key(0, "k", Buffer.from([0x82]))]),
      12,
      "there is no length that begins with 0x82",
    ],
    [
      "a length of 64 bits",
      encode.rdb([encode.key(0, "k", Buffer.alloc(9, 0xff).fill(0x81, 0, 1))]),
      12,
      "the length 18446744073709552000 is impossible",
    ],
    [
      "a key that expands past its length",
      encode.rdb([Buffer.from([0]), encode.lzfString(Buffer.from([0, 65, 0xe0, 20, 0]), 9), value]),
      10,
      "a compressed string does not have its stated length",
    ],
    [
      "a key that would expand without end",
      encode.rdb([Buffer.from([0]), encode.lzfString(Buffer.from([0, 65]), 2 ** 31), value]),
      10,
      "a compressed string states too great a length",
    ],
  ])("with %s is an error with its offset", async (_, bytes, offset, detail) => {
    const error = (await parsed(bytes).catch((thrown: unknown) => thrown)) as TributaryError;
    expect(error).toMatchObject({
      code: "RDB_CORRUPT",
      details: { role: "the test", offset, detail: expect.stringContaining(detail) },
    });
  });

  test("is told from a source that fails", async () => {
    const source = { read: async () => Promise.reject(new Error("spool")) };
    await expect(parseRdb(source, new CollectingVisitor(), { role: "the test" })).rejects.toThrow("spool");
  });

  test("with a length that is not there costs no memory for it", async () => {
    const bytes = encode.rdb([
      encode.key(0, "k", Buffer.concat([encode.length(2 ** 40), Buffer.alloc(100)])),
    ]);
    const before = process.memoryUsage().rss;
    await expect(parsed(bytes, { largeValueBytes: 2 ** 50 })).rejects.toMatchObject({ code: "RDB_CORRUPT" });
    await expect(parsed(bytes)).rejects.toMatchObject({ code: "RDB_CORRUPT" });
    expect(process.memoryUsage().rss - before).toBeLessThan(64 << 20);
  });
});

describe("the parser", () => {
  test("goes on behind a large value that the visitor does not want", async () => {
    const list = Buffer.concat([
      encode.length(200),
      encode.strings(...Array.from({ length: 200 }, () => "x".repeat(1_000))),
    ]);
    const bytes = encode.rdb([encode.key(1, "large", list), encode.key(0, "after", value)]);
    const visitor = new CollectingVisitor();
    visitor.largeValue = async () => {};
    await parseRdb(
      sourceOf(bytes, () => 777),
      visitor,
      { role: "the test", largeValueBytes: 10_000 },
    );
    expect(visitor.entries.map(({ key }) => String(key))).toEqual(["after"]);
  });

  test("waits for the visitor at least every few hundred KB", async () => {
    const keys = Array.from({ length: 20_000 }, (_, index) =>
      encode.key(0, `key-${index}`, encode.string("x".repeat(50))),
    );
    const visitor = await parsed(encode.rdb(keys), {}, () => 10_000_000);
    expect(visitor.longestStretch).toBeLessThan(300_000);
    let waiting = 0;
    const slow = new CollectingVisitor();
    slow.progress = () => {
      expect(waiting).toBe(0);
      waiting++;
      return new Promise<void>((resolve) => setImmediate(() => resolve(void waiting--))) as never;
    };
    await parseRdb(
      sourceOf(encode.rdb(keys), () => 65_536),
      slow,
      { role: "the test" },
    );
  });

  test("keeps to itself while others parse in the same thread", async () => {
    const rdbs = [1, 2, 3].map((seed) => {
      const random = seededRandom(seed);
      const keys = Array.from({ length: 60 }, (_, index) => {
        const fields = Array.from({ length: 2 * (1 + random.int(20)) }, () => random.text(random.int(300)));
        const hash = Buffer.concat([encode.length(fields.length / 2), encode.strings(...fields)]);
        return encode.key(type.TYPE_HASH, `key-${index}`, hash);
      });
      return encode.rdb(keys);
    });
    const parse = async (rdb: Buffer) => {
      const visitor = await parsed(rdb, { largeValueBytes: 0 }, () => 5);
      return visitor.entries.map(({ commands }) => commands);
    };
    const alone = [];
    for (const rdb of rdbs) alone.push(await parse(rdb));
    expect(await Promise.all(rdbs.map(parse))).toEqual(alone);
  });

  test("stops at the signal, with its reason", async () => {
    const keys = Array.from({ length: 5_000 }, (_, index) => encode.key(0, `key-${index}`, value));
    const controller = new AbortController();
    const visitor = new CollectingVisitor();
    visitor.progress = () => {
      controller.abort(new Error("enough"));
    };
    const source = sourceOf(encode.rdb(keys), () => 1_000);
    await expect(parseRdb(source, visitor, { role: "the test", signal: controller.signal })).rejects.toThrow(
      "enough",
    );
  });
});

async function parsed(
  bytes: Uint8Array,
  options: Partial<RdbParseOptions> = {},
  sizes: () => number = randomSizes(seededRandom(1)),
): Promise<CollectingVisitor> {
  const visitor = new CollectingVisitor();
  await parseRdb(sourceOf(bytes, sizes), visitor, { role: "the test", ...options });
  return visitor;
}
