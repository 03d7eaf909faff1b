import * as type from "../../server/rdb/rdb-type.ts";
import * as encode from "./rdb-encoder.ts";

export type Fixture = {
  readonly name: string;
  readonly type: number;
  readonly value: Buffer;
  /** What it means, with k for the key and without the DEL. */
  readonly commands: readonly string[];
  readonly losses?: readonly string[];
};

const long = "w".repeat(300);
export const at = 4_102_444_800_000;
/** Encodings as each server of the past and the future writes them, and the commands that they mean. */
export const fixtures: readonly Fixture[] = [
  { name: "string", type: type.TYPE_STRING, value: encode.string("hello"), commands: ["SET k hello"] },
  {
    name: "string of 8 bits",
    type: type.TYPE_STRING,
    value: Buffer.from([0xc0, 0x85]),
    commands: ["SET k -123"],
  },
  {
    name: "string of 16 bits",
    type: type.TYPE_STRING,
    value: Buffer.from([0xc1, 0x00, 0x80]),
    commands: ["SET k -32768"],
  },
  {
    name: "string of 32 bits",
    type: type.TYPE_STRING,
    value: Buffer.from([0xc2, 1, 0, 0, 0x80]),
    commands: ["SET k -2147483647"],
  },
  {
    name: "string compressed",
    type: type.TYPE_STRING,
    value: encode.lzfString(Buffer.from([0, 97, 0xe0, 20, 0]), 30),
    commands: [`SET k ${"a".repeat(30)}`],
  },
  {
    name: "list",
    type: type.TYPE_LIST,
    value: Buffer.concat([encode.length(2), encode.strings("a", "b")]),
    commands: ["RPUSH k a b"],
  },
  {
    name: "set",
    type: type.TYPE_SET,
    value: Buffer.concat([encode.length(2), encode.strings("a", "b")]),
    commands: ["SADD k a b"],
  },
  {
    name: "sorted set with scores as text",
    type: type.TYPE_ZSET,
    value: Buffer.concat([
      encode.length(5),
      ...[
        ["a", "1.5"],
        ["b", "0.10000000000000001"],
      ].flatMap(([member, score]) => [
        encode.string(member!),
        Buffer.from([score!.length]),
        Buffer.from(score!),
      ]),
      encode.string("inf"),
      Buffer.from([254]),
      encode.string("minus"),
      Buffer.from([255]),
      encode.string("nan"),
      Buffer.from([253]),
    ]),
    commands: ["ZADD k 1.5 a 0.1 b inf inf -inf minus"],
    losses: ["a member whose score is not a number"],
  },
  {
    name: "sorted set with binary scores",
    type: type.TYPE_ZSET_2,
    value: Buffer.concat([
      encode.length(3),
      encode.string("a"),
      encode.double(0.1),
      encode.string("b"),
      encode.double(-0),
      encode.string("c"),
      encode.double(1e300),
    ]),
    commands: ["ZADD k 0.1 a -0 b 1e+300 c"],
  },
  {
    name: "hash",
    type: type.TYPE_HASH,
    value: Buffer.concat([encode.length(2), encode.strings("f", "1", "g", "2")]),
    commands: ["HMSET k f 1 g 2"],
  },
  {
    name: "hash as zipmap",
    type: type.TYPE_HASH_ZIPMAP,
    value: encode.string(
      encode.zipmap(
        [
          ["f", "1"],
          ["g", long],
        ],
        3,
      ),
    ),
    commands: [`HMSET k f 1 g ${long}`],
  },
  {
    name: "list as ziplist",
    type: type.TYPE_LIST_ZIPLIST,
    value: encode.string(
      encode.ziplist([
        "a",
        long,
        "b",
        0,
        12,
        13,
        -1,
        -128,
        32_767,
        -8_388_608,
        8_388_607,
        2_147_483_647,
        2n ** 63n - 1n,
        "x".repeat(20_000),
      ]),
    ),
    commands: [
      `RPUSH k a ${long} b 0 12 13 -1 -128 32767 -8388608 8388607 2147483647 9223372036854775807 ${"x".repeat(20_000)}`,
    ],
  },
  {
    name: "set of 16 bits",
    type: type.TYPE_SET_INTSET,
    value: encode.string(encode.intset(2, [-5, 7])),
    commands: ["SADD k -5 7"],
  },
  {
    name: "set of 32 bits",
    type: type.TYPE_SET_INTSET,
    value: encode.string(encode.intset(4, [-70_000, 7])),
    commands: ["SADD k -70000 7"],
  },
  {
    name: "set of 64 bits",
    type: type.TYPE_SET_INTSET,
    value: encode.string(encode.intset(8, [-(2n ** 63n), 7])),
    commands: ["SADD k -9223372036854775808 7"],
  },
  {
    name: "sorted set as ziplist",
    type: type.TYPE_ZSET_ZIPLIST,
    value: encode.string(encode.ziplist(["a", 1, "b", "2.5"])),
    commands: ["ZADD k 1 a 2.5 b"],
  },
  {
    name: "hash as ziplist",
    type: type.TYPE_HASH_ZIPLIST,
    value: encode.string(encode.ziplist(["f", 1, "g", "x"])),
    commands: ["HMSET k f 1 g x"],
  },
  {
    name: "list as quicklist of ziplists",
    type: type.TYPE_LIST_QUICKLIST,
    value: Buffer.concat([
      encode.length(2),
      encode.string(encode.ziplist(["a", 1])),
      encode.string(encode.ziplist(["b"])),
    ]),
    commands: ["RPUSH k a 1 b"],
  },
  {
    name: "hash as listpack",
    type: type.TYPE_HASH_LISTPACK,
    value: encode.string(encode.listpack(["f", 1, "g", long])),
    commands: [`HMSET k f 1 g ${long}`],
  },
  {
    name: "sorted set as listpack",
    type: type.TYPE_ZSET_LISTPACK,
    value: encode.string(encode.listpack(["a", 1, "b", "-inf"])),
    commands: ["ZADD k 1 a -inf b"],
  },
  {
    name: "list as quicklist of listpacks and plain nodes",
    type: type.TYPE_LIST_QUICKLIST_2,
    value: Buffer.concat([
      encode.length(2),
      encode.length(2),
      encode.string(encode.listpack(["a", -8_388_608, 8_388_607])),
      encode.length(1),
      encode.string("plain"),
    ]),
    commands: ["RPUSH k a -8388608 8388607 plain"],
  },
  {
    name: "set as listpack",
    type: type.TYPE_SET_LISTPACK,
    value: encode.string(
      encode.listpack([
        "a",
        127,
        128,
        -4096,
        4095,
        -4097,
        -32_768,
        32_767,
        -2_147_483_648,
        2n ** 63n - 1n,
        "x".repeat(5_000),
      ]),
    ),
    commands: [
      `SADD k a 127 128 -4096 4095 -4097 -32768 32767 -2147483648 9223372036854775807 ${"x".repeat(5_000)}`,
    ],
  },
  ...[127, -4096, -32_768, 8_388_607, -2_147_483_648, 2n ** 62n].map((last) => ({
    name: `set as listpack that ends with ${last}`,
    type: type.TYPE_SET_LISTPACK,
    value: encode.string(encode.listpack(["a", last])),
    commands: [`SADD k a ${last}`],
  })),
  {
    name: "hash with field expiry",
    type: type.TYPE_HASH_METADATA,
    value: Buffer.concat([
      encode.int64(at),
      encode.length(2),
      encode.length(0),
      encode.strings("f", "1"),
      encode.length(6),
      encode.strings("g", "2"),
    ]),
    commands: ["HMSET k f 1 g 2", `HPEXPIREAT k ${at + 5} FIELDS 1 g`],
  },
  {
    name: "hash with field expiry of a pre-release",
    type: type.TYPE_HASH_METADATA_PRE_GA,
    value: Buffer.concat([encode.length(1), encode.length(BigInt(at)), encode.strings("f", "1")]),
    commands: ["HMSET k f 1", `HPEXPIREAT k ${at} FIELDS 1 f`],
  },
  {
    name: "hash with field expiry as listpack",
    type: type.TYPE_HASH_LISTPACK_EX,
    value: Buffer.concat([
      encode.int64(at),
      encode.string(encode.listpack(["f", "1", 0, "g", "2", BigInt(at)])),
    ]),
    commands: ["HMSET k f 1 g 2", `HPEXPIREAT k ${at} FIELDS 1 g`],
  },
  {
    name: "hash with field expiry as listpack of a pre-release",
    type: type.TYPE_HASH_LISTPACK_EX_PRE_GA,
    value: encode.string(encode.listpack(["f", "1", BigInt(at)])),
    commands: ["HMSET k f 1", `HPEXPIREAT k ${at} FIELDS 1 f`],
  },
  {
    name: "hash with field expiry of Valkey",
    type: type.TYPE_HASH_2_VALKEY,
    value: Buffer.concat([
      encode.length(2),
      encode.strings("f", "1"),
      encode.int64(-1),
      encode.strings("g", "2"),
      encode.int64(at),
    ]),
    commands: ["HMSET k f 1 g 2", `HPEXPIREAT k ${at} FIELDS 1 g`],
  },
  {
    name: "array",
    type: type.TYPE_ARRAY,
    value: Buffer.concat([
      ...[4, 1, 9].map((number) => encode.length(number)),
      encode.length(0),
      encode.length(1),
      encode.int64(7),
      encode.length(5),
      encode.length(2),
      encode.double(0.5),
      encode.length(2n ** 60n),
      encode.length(3),
      encode.string("abc"),
      encode.length(2n ** 61n),
      encode.length(0),
      encode.string("long text"),
    ]),
    commands: [],
    losses: ["the array: only Redis 8.8 and later have them, and only RESTORE copies one"],
  },
  ...[
    type.TYPE_STREAM_LISTPACKS,
    type.TYPE_STREAM_LISTPACKS_2,
    type.TYPE_STREAM_LISTPACKS_3,
    type.TYPE_STREAM_LISTPACKS_4,
    type.TYPE_STREAM_LISTPACKS_5,
  ].map(stream),
];

/** One stream in each of its encodings: two nodes, a deleted entry, a group with two consumers. */
export function stream(kind: number): Fixture {
  const version = [15, 19, 21, 26, 27].indexOf(kind) + 1;
  const fields = [
    ["a", "1"],
    ["b", "x"],
  ] as const;
  const first = encode.streamNode(
    [5, 0],
    ["a", "b"],
    [
      { id: [5, 0], pairs: fields },
      { id: [6, 3], pairs: fields, deleted: true },
      { id: [7, 1], pairs: [["other", "y"]] },
    ],
  );
  const second = encode.streamNode([9, 0], ["a", "b"], [{ id: [9, 0], pairs: fields }]);
  const consumer = (name: string, pending: Buffer[]) =>
    Buffer.concat([
      encode.string(name),
      encode.int64(at),
      version >= 3 ? encode.int64(at) : Buffer.alloc(0),
      encode.length(pending.length),
      ...pending,
    ]);
  const value = Buffer.concat([
    encode.length(2),
    encode.string(encode.streamId(5, 0)),
    encode.string(first),
    encode.string(encode.streamId(9, 0)),
    encode.string(second),
    encode.length(3),
    encode.length(9),
    encode.length(0),
    ...(version >= 2 ? [5, 0, 6, 3, 4].map((number) => encode.length(number)) : []),
    encode.length(1),
    encode.string("g"),
    encode.length(7),
    encode.length(1),
    ...(version >= 2 ? [encode.length(3)] : []),
    encode.length(2),
    encode.streamId(5, 0),
    encode.int64(at),
    encode.length(2),
    encode.streamId(6, 3),
    encode.int64(at),
    encode.length(1),
    encode.length(2),
    consumer("one", [encode.streamId(5, 0), encode.streamId(6, 3)]),
    consumer("two", []),
    ...(version >= 5 ? [encode.length(1), encode.streamId(6, 3)] : []),
    ...(version >= 4
      ? [
          encode.length(100),
          encode.length(50),
          encode.length(1),
          encode.string("producer"),
          encode.length(1),
          encode.string("iid"),
          encode.length(5),
          encode.length(0),
          encode.length(1),
          encode.length(0),
        ]
      : []),
  ]);
  const counters = version >= 2 ? " ENTRIESADDED 4 MAXDELETEDID 6-3" : "";
  return {
    name: `stream in version ${version}`,
    type: kind,
    value,
    commands: [
      "XADD k 5-0 a 1 b x",
      "XADD k 7-1 other y",
      "XADD k 9-0 a 1 b x",
      `XSETID k 9-0${counters}`,
      `XGROUP CREATE k g 7-1${version >= 2 ? " ENTRIESREAD 3" : ""}`,
      "XGROUP CREATECONSUMER k g one",
      `XCLAIM k g one 0 5-0 TIME ${at} RETRYCOUNT 2 FORCE JUSTID`,
      "XGROUP CREATECONSUMER k g two",
    ],
    losses: [
      "when a consumer was last seen and active (2 times)",
      "a pending entry that the stream no longer has",
      ...(version >= 5 ? ["a pending entry that no consumer owns"] : []),
      ...(version >= 4 ? ["the message IDs of the stream's idempotent producers"] : []),
    ],
  };
}
