import * as fc from "fast-check";
import { expect, test } from "vitest";
import { formatCheckpoint, parseCheckpoint } from "../../../server/sync/checkpoint/checkpoint.ts";
import { readCheckpointState } from "../../../server/sync/checkpoint/checkpoint-state.ts";
import { checkProperty } from "../harness/check-property.ts";

const hexDigits = fc.array(fc.constantFrom(..."0123456789abcdef"), { minLength: 40, maxLength: 40 });
const checkpoint = fc.record({
  replid: hexDigits.map((digits) => digits.join("")),
  offset: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  db: fc.integer({ min: 0, max: 999_999_999 }),
  at: fc.integer({ min: 0, max: 999_999_999_999_999 }),
});

test("every checkpoint reads as it was written, offsets past 2^53 included", () => {
  checkProperty(
    fc.property(checkpoint, (one) => {
      expect(parseCheckpoint(formatCheckpoint(one))).toEqual(one);
    }),
  );
});

test("a text that was cut or changed in its form is not a checkpoint", () => {
  const text = formatCheckpoint({ replid: "a".repeat(40), offset: 12345n, db: 3, at: 1_700_000_000_000 });
  expect(text).toBe(`1 ${"a".repeat(40)} 12345 3 1700000000000`);
  for (const other of [
    "",
    text.slice(0, -14),
    text.replace("1 ", "2 "),
    text.toUpperCase(),
    ` ${text}`,
    `${text}\n`,
    text.replace("12345", "-5"),
    text.replace("12345", "9223372036854775808"),
    text.replace(" 3 ", " 3.5 "),
    text.replaceAll("a", "g"),
  ]) {
    expect(parseCheckpoint(other), other).toBeNull();
  }
});

test("a shard is new, begun, or at its checkpoint", () => {
  expect(readCheckpointState(null)).toEqual({ kind: "new" });
  expect(readCheckpointState("0 initial-sync")).toEqual({ kind: "begun" });
  expect(readCheckpointState("of another version")).toEqual({ kind: "begun" });
  const one = { replid: "b".repeat(40), offset: 7n, db: 0, at: 1 };
  expect(readCheckpointState(formatCheckpoint(one))).toEqual({ kind: "at", ...one });
});
