import { expect, test } from "vitest";
import type { Broken, ElementCursor } from "../../server/rdb/element-cursor.ts";
import { Intset } from "../../server/rdb/intset.ts";
import { Listpack } from "../../server/rdb/listpack.ts";
import { streamEntries } from "../../server/rdb/stream-node.ts";
import { Ziplist } from "../../server/rdb/ziplist.ts";
import { Zipmap } from "../../server/rdb/zipmap.ts";
import * as encode from "../rdb/rdb-encoder.ts";
import { fuzz, fuzzRuns, fuzzTimeout } from "./fuzz.ts";

class Refused extends Error {}
const broken: Broken = (detail) => new Refused(detail);

const elements = ["a", 1, "b", -1, 127, 128, 4095, -4096, 32_767, 8_388_607, 2_147_483_647, 2n ** 63n - 1n];
const texts = [...elements, "x".repeat(63), "y".repeat(300), "z".repeat(5_000), ""];
const pairs = [
  ["f", "1"],
  ["g", "w".repeat(300)],
] as const;
const node = encode.streamNode(
  [5, 0],
  ["a", "b"],
  [
    {
      id: [5, 0],
      pairs: [
        ["a", "1"],
        ["b", "x"],
      ],
    },
    {
      id: [6, 3],
      pairs: [
        ["a", "2"],
        ["b", "y"],
      ],
      deleted: true,
    },
    { id: [7, 1], pairs: [["other", "z"]] },
  ],
);

/** Every element lies within the blob, or is a number's digits; there are no more elements than bytes. */
function walk(cursor: ElementCursor, blob: Buffer): void {
  let within = true;
  let elements = 0;
  // To expect something of each element would take ten times as long as to read it.
  while (elements <= blob.length && cursor.next()) {
    elements++;
    within &&= cursor.start <= cursor.end && cursor.end <= cursor.bytes.length;
  }
  expect([within, elements <= blob.length]).toEqual([true, true]);
}

function walkStream(blob: Buffer): void {
  let entries = 0;
  let good = true;
  for (const { parts, sequence } of streamEntries(blob, 5n, 0n, broken)) {
    good &&= parts.length % 2 === 0 && sequence >= 0n && sequence < 2n ** 64n;
    if (++entries > blob.length) break;
  }
  expect([good, entries <= blob.length]).toEqual([true, true]);
}

test.each([
  {
    name: "listpack",
    blobs: [encode.listpack(elements), encode.listpack(texts), encode.listpack([])],
    read: (blob: Buffer) => walk(new Listpack(blob, broken), blob),
  },
  {
    name: "ziplist",
    blobs: [encode.ziplist(elements), encode.ziplist(texts), encode.ziplist([])],
    read: (blob: Buffer) => walk(new Ziplist(blob, broken), blob),
  },
  {
    name: "intset",
    blobs: [encode.intset(2, [-5, 7]), encode.intset(4, [-70_000, 7]), encode.intset(8, [-(2n ** 63n), 7])],
    read: (blob: Buffer) => walk(new Intset(blob, broken), blob),
  },
  {
    name: "zipmap",
    blobs: [encode.zipmap(pairs), encode.zipmap(pairs, 3), encode.zipmap([])],
    read: (blob: Buffer) => walk(new Zipmap(blob, broken), blob),
  },
  { name: "node of a stream", blobs: [node], read: walkStream },
])(
  `a broken $name is refused, or read within its bounds, ${fuzzRuns} times`,
  { timeout: fuzzTimeout },
  async ({ name, blobs, read }) => {
    await fuzz({
      name,
      corpus: blobs,
      fields: "binary",
      refuses: true,
      mayAllocate: (bytes) => 4_096 + 64 * bytes,
      read: (input, random) => {
        // A total that no longer fits is refused at once: half of the time it is mended.
        if (random.oneIn(2) && input.length >= 4 && name !== "intset" && name !== "zipmap") {
          input.writeUInt32LE(input.length, 0);
        }
        try {
          read(input);
          return false;
        } catch (error) {
          if (!(error instanceof Refused)) throw error;
          return true;
        }
      },
    });
  },
);
