import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LzfStream, lzfDecompress } from "../../server/redis/lzf.ts";
import { lzfCompress } from "../rdb/rdb-encoder.ts";

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);

describe("LZF", () => {
  test("gives back what was compressed, at one go and in pieces", () => {
    fc.assert(
      fc.property(repetitive(), fc.integer({ min: 1, max: 300 }), (text, step) => {
        const compressed = lzfCompress(text);
        const output = Buffer.alloc(text.length + 6, 0x55);
        expect(lzfDecompress(compressed, 0, compressed.length, output, 3, text.length)).toBe(true);
        expect(output.subarray(3, -3).equals(text)).toBe(true);
        expect(output[2]! + output[text.length + 3]!).toBe(0xaa);
        expect(streamed(compressed, text.length, Math.max(step, 33)).equals(text)).toBe(true);
      }),
      { seed },
    );
  });

  test("copies from up to 8192 bytes back across its pieces", () => {
    const block = Buffer.from(Array.from({ length: 8_192 }, (_, index) => (index * 2_654_435_761) >>> 24));
    const text = Buffer.concat(Array.from({ length: 40 }, () => block));
    const compressed = lzfCompress(text);
    expect(compressed.length).toBeLessThan(text.length / 5);
    expect(streamed(compressed, text.length, 4_096).equals(text)).toBe(true);
  });

  test.each([
    ["a literal run past the input", [5, 1, 2], 6],
    ["a literal run past the stated length", [2, 1, 2, 3], 2],
    ["a copy from before the beginning", [0, 65, 0x20, 5], 4],
    ["a copy past the stated length", [0, 65, 0xe0, 255, 0], 100],
    ["a copy that is cut off", [0, 65, 0xe0], 10],
    ["fewer bytes than stated", [0, 65], 2],
  ])("refuses %s", (_, bytes, length) => {
    const input = Uint8Array.from(bytes);
    expect(lzfDecompress(input, 0, input.length, new Uint8Array(1_000), 0, length)).toBe(false);
    const stream = new LzfStream(length);
    const taken = stream.push(input, 0, input.length, () => {});
    expect(taken < input.length || stream.missing > 0).toBe(true);
  });

  test("never writes outside of its place whatever it reads", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 0, max: 400 }), (input, length) => {
        const output = new Uint8Array(length + 16).fill(0x55);
        lzfDecompress(input, 0, input.length, output, 8, length);
        expect(output.subarray(0, 8).every((byte) => byte === 0x55)).toBe(true);
        expect(output.subarray(length + 8).every((byte) => byte === 0x55)).toBe(true);
        new LzfStream(length).push(input, 0, input.length, () => {});
      }),
      { seed, numRuns: 2_000 },
    );
  });
});

function streamed(compressed: Buffer, length: number, step: number): Buffer {
  const stream = new LzfStream(length);
  const pieces: Buffer[] = [];
  for (let at = 0; at < compressed.length; ) {
    const taken = stream.push(compressed, at, Math.min(compressed.length, at + step), (piece) => {
      pieces.push(Buffer.from(piece));
    });
    expect(taken).toBeGreaterThan(0);
    at += taken;
  }
  expect(stream.missing).toBe(0);
  return Buffer.concat(pieces);
}

/** Texts in which pieces return, as LZF finds them worth compressing. */
function repetitive(): fc.Arbitrary<Buffer> {
  const piece = fc.uint8Array({ minLength: 1, maxLength: 40 });
  return fc
    .array(fc.tuple(piece, fc.integer({ min: 1, max: 40 })), { maxLength: 30 })
    .map((pieces) =>
      Buffer.concat(pieces.flatMap(([bytes, times]) => Array.from({ length: times }, () => bytes))),
    );
}
