import { expect, test } from "vitest";
import type { RdbByteSource } from "../../server/rdb/rdb-input.ts";
import { parseRdb } from "../../server/rdb/rdb-parser.ts";
import * as type from "../../server/rdb/rdb-type.ts";
import type { CommandWriter } from "../../server/redis/command-writer.ts";
import { CollectingVisitor } from "./collecting-visitor.ts";
import * as encode from "./rdb-encoder.ts";

const MIB = 1 << 20;
/** Bytes of each large value; the bound on memory does not depend on it. */
const size = Number(process.env.LARGE_MIB ?? 48) * MIB;
const block = Buffer.alloc(65_536, "0123456789abcdef");
/** 264 bytes in 3: the highest ratio of LZF. */
const lzfBlock = Buffer.concat(Array.from({ length: 21_844 }, () => Buffer.from([0xe0, 255, 0])));

const raw = { length: size, header: encode.length(size), blocks: size / block.length, block };
const lzfLength = 1 + (lzfBlock.length / 3) * 264 * Math.floor(size / ((lzfBlock.length / 3) * 264));
const lzfBlocks = Math.floor(size / ((lzfBlock.length / 3) * 264));
const lzf = {
  length: lzfLength,
  header: Buffer.concat([
    Buffer.from([0xc3]),
    encode.length(2 + lzfBlock.length * lzfBlocks),
    encode.length(lzfLength),
    Buffer.from([0, 65]),
  ]),
  blocks: lzfBlocks,
  block: lzfBlock,
};

const one = encode.length(1);
test.each([
  ["a raw string", type.TYPE_STRING, raw, Buffer.alloc(0), Buffer.alloc(0)],
  ["a compressed string", type.TYPE_STRING, lzf, Buffer.alloc(0), Buffer.alloc(0)],
  ["a raw element of a list", type.TYPE_LIST_QUICKLIST_2, raw, Buffer.concat([one, one]), Buffer.alloc(0)],
  ["a compressed member of a set", type.TYPE_SET, lzf, one, Buffer.alloc(0)],
  ["a raw value of a hash", type.TYPE_HASH, raw, Buffer.concat([one, encode.string("f")]), Buffer.alloc(0)],
  ["a compressed field of a hash", type.TYPE_HASH, lzf, one, encode.string("v")],
])("%s of any length is never in memory whole", async (_, kind, string, before, after) => {
  const parts = [
    encode.key(kind, "large", before),
    string.header,
    ...Array.from({ length: string.blocks }, () => string.block),
    after,
    encode.key(0, "after", encode.string("v")),
  ];
  const { visitor, written, largest, grown } = await streamed(parts);
  expect(written).toBeGreaterThanOrEqual(string.length);
  expect(written).toBeLessThan(string.length * 1.01 + 1_000);
  expect(largest).toBeLessThanOrEqual(MIB);
  expect(grown).toBeLessThan(8 * MIB);
  expect(visitor.entries.map(({ key }) => String(key))).toEqual(["after"]);
});

test("a hash of very many fields is never in memory whole", async () => {
  const fields = size / 512;
  const pair = Buffer.concat([encode.string("f".repeat(100)), encode.string(Buffer.alloc(408, "v"))]);
  const parts = [
    encode.key(type.TYPE_HASH, "large", encode.length(fields)),
    ...Array.from({ length: fields / 128 }, () => Buffer.concat(Array.from({ length: 128 }, () => pair))),
    encode.key(0, "after", encode.string("v")),
  ];
  const { visitor, written, grown } = await streamed(parts);
  expect(written).toBeGreaterThan(fields * 508);
  expect(grown).toBeLessThan(8 * MIB);
  expect(visitor.entries).toHaveLength(1);
});

test("a packed value above 32 MiB is a loss that is said, not memory", async () => {
  const packed = 1_100;
  const parts = [
    encode.key(type.TYPE_HASH_LISTPACK, "large", encode.length(packed * block.length)),
    ...Array.from({ length: packed }, () => block),
    encode.key(0, "after", encode.string("v")),
  ];
  const { visitor, grown } = await streamed(parts);
  expect(visitor.losses).toEqual([
    `large: a hash of ${packed * block.length} bytes, which is too large to be decoded`,
  ]);
  expect(visitor.entries).toHaveLength(1);
  expect(grown).toBeLessThan(8 * MIB);
});

/** Parses an RDB of these parts, made as they are asked for, and watches the memory of buffers. */
async function streamed(parts: readonly Buffer[]) {
  const visitor = new CollectingVisitor();
  let written = 0;
  let largest = 0;
  let highest = 0;
  const before = process.memoryUsage().arrayBuffers;
  const count = (value: Uint8Array | string | number) => {
    written += typeof value === "object" ? value.length : 0;
  };
  const out: CommandWriter = {
    command: (...args) => args.forEach(count),
    begin() {},
    argument: count,
    beginArgument() {},
    piece(bytes) {
      count(bytes);
      largest = Math.max(largest, bytes.length);
    },
    async drain() {
      highest = Math.max(highest, process.memoryUsage().arrayBuffers);
    },
  };
  visitor.largeValue = async (_, writeCommands) => writeCommands(out);
  await parseRdb(sourceOfParts(parts), visitor, { role: "the test", largeValueBytes: 65_536 });
  return { visitor, written, largest, grown: highest - before };
}

function sourceOfParts(parts: readonly Buffer[]): RdbByteSource {
  let index = -1;
  return {
    async read() {
      index++;
      if (index === 0) return Buffer.from("REDIS0010");
      if (index <= parts.length) return parts[index - 1]!;
      return index === parts.length + 1 ? Buffer.concat([Buffer.from([0xff]), Buffer.alloc(8)]) : null;
    },
  };
}
