import * as fc from "fast-check";

/** From the environment to repeat a failed run, else new; printed, so that it can be repeated. */
export const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
console.log(`seed: TEST_SEED=${seed}`);

/** Checks a property with this file's seed; the failure shows the smallest counterexample. */
export function checkProperty<T>(property: fc.IProperty<T>, runs = 200): void {
  fc.assert(property, { seed, numRuns: runs });
}

/** `bytes` in pieces that end at `cuts` (each taken modulo the length). */
export function cutAt(bytes: Uint8Array, cuts: readonly number[]): Buffer[] {
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  const pieces: Buffer[] = [];
  let start = 0;
  for (const end of [...ends, bytes.length]) {
    // A copy of its own: what reads past its end is found out.
    pieces.push(Buffer.from(bytes.subarray(start, end)));
    start = end;
  }
  return pieces;
}

/** Any bytes, with those that mean something in RESP more often than by chance. */
export const anyBytes: fc.Arbitrary<Buffer> = fc.oneof(
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  fc
    .array(fc.constantFrom("\r\n", "*", "$", "-", "+", ":", "0", "1", "-1", "3", "x"), { maxLength: 12 })
    .map((parts) => Buffer.from(parts.join(""))),
);
