import fc from "fast-check";
import { expect, test } from "vitest";
import { FingerprintSet } from "../../server/merge/fingerprint-set.ts";

test("holds what a set of strings holds, however it was added to and deleted from", () => {
  // Few low halves, so that chains are long and wrap around.
  const half = fc.integer({ min: -3, max: 40 });
  const step = fc.tuple(fc.boolean(), half, half);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const set = new FingerprintSet();
      const model = new Set<string>();
      for (const [adds, high, low] of steps) {
        if (adds) {
          const added = set.add(high, low);
          if (added === model.has(`${high} ${low}`)) throw new Error(`add ${high} ${low} says ${added}`);
          model.add(`${high} ${low}`);
        } else {
          set.delete(high, low);
          model.delete(`${high} ${low}`);
        }
        if (set.size !== model.size) throw new Error(`${set.size} for ${model.size}`);
      }
      const wrong: string[] = [];
      for (let high = -3; high <= 40; high++) {
        for (let low = -3; low <= 40; low++) {
          if (set.has(high, low) !== model.has(`${high} ${low}`)) wrong.push(`${high} ${low}`);
        }
      }
      expect(wrong).toEqual([]);
    }),
    { numRuns: 200 },
  );
});
