import { expect, test } from "vitest";
import { LzfStream, lzfDecompress } from "../../server/redis/lzf.ts";
import { lzfCompress } from "../rdb/rdb-encoder.ts";
import { fuzz, fuzzRuns, fuzzTimeout } from "./fuzz.ts";

const texts = [
  "a".repeat(30),
  "abc".repeat(400),
  "the quick brown fox ".repeat(700),
  Array.from({ length: 600 }, (_, n) => `field-${n}:${(n * 7919) % 1000};`).join(""),
];
/** In front of the compressed bytes, in 4 bytes: the length that is stated. */
const corpus = texts.map((text) => {
  const head = Buffer.alloc(4);
  head.writeUInt32LE(text.length);
  return Buffer.concat([head, lzfCompress(Buffer.from(text))]);
});
/** More is never asked for: the RDB's reader refuses lengths past 88 times the input. */
const MOST = 1 << 20;

test(`broken LZF gives the same bytes at one go and in pieces, or is refused by both, ${fuzzRuns} times`, {
  timeout: fuzzTimeout,
}, async () => {
  await fuzz({
    name: "LZF",
    corpus,
    fields: "binary",
    refuses: true,
    mayAllocate: (bytes) => 2 * MOST + 256 * 1024 + 300 * bytes,
    read: (input, random) => {
      const stated = input.length < 4 ? 0 : input.readUInt32LE(0);
      // A stated length that is far off is refused at once: near ones are what is tried.
      const length = stated > MOST ? random.int(20_000) : stated;
      const compressed = input.subarray(4);
      const output = Buffer.alloc(length + 16, 0x55);
      const good = lzfDecompress(compressed, 0, compressed.length, output, 8, length);
      expect(output.readBigUInt64LE(0) === output.readBigUInt64LE(length + 8)).toBe(true);
      expect(output[0]).toBe(0x55);
      const streamed = inPieces(compressed, length, 33 + random.int(300));
      expect(streamed !== null).toBe(good);
      if (streamed !== null) expect(streamed.equals(output.subarray(8, length + 8))).toBe(true);
      return !good;
    },
  });
});

function inPieces(compressed: Buffer, length: number, step: number): Buffer | null {
  const stream = new LzfStream(length);
  const pieces: Buffer[] = [];
  for (let at = 0; at < compressed.length; ) {
    const end = Math.min(compressed.length, at + step);
    const taken = stream.push(compressed, at, end, (piece) => pieces.push(Buffer.from(piece)));
    if (taken <= 0) return null;
    at += taken;
  }
  return stream.missing === 0 ? Buffer.concat(pieces) : null;
}
