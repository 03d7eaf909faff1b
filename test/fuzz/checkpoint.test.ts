import { expect, test } from "vitest";
import { formatCheckpoint, parseCheckpoint } from "../../server/sync/checkpoint/checkpoint.ts";
import { readCheckpointState } from "../../server/sync/checkpoint/checkpoint-state.ts";
import { fuzz, fuzzRuns, fuzzTimeout } from "./fuzz.ts";

const checkpoints = [
  { replid: "8d1f6a0b8d1f6a0b8d1f6a0b8d1f6a0b8d1f6a0c", offset: 0n, db: 0, at: 1_700_000_000_000 },
  { replid: "f".repeat(40), offset: 9_223_372_036_854_775_807n, db: 15, at: 1_800_000_000_123 },
  { replid: "0123456789".repeat(4), offset: 9_007_199_254_740_993n, db: 999_999_999, at: 0 },
];

test(`a broken checkpoint is none, or one that is written as it was read, ${fuzzRuns} times`, {
  timeout: fuzzTimeout,
}, async () => {
  await fuzz({
    name: "checkpoint",
    corpus: checkpoints.map((checkpoint) => Buffer.from(formatCheckpoint(checkpoint))),
    fields: "decimal",
    refuses: true,
    mayAllocate: () => 1024,
    read: (input) => {
      const text = input.toString("latin1");
      const checkpoint = parseCheckpoint(text);
      const state = readCheckpointState(text);
      if (checkpoint === null) {
        expect(state).toEqual({ kind: "begun" });
        return true;
      }
      expect(state).toEqual({ kind: "at", ...checkpoint });
      expect(parseCheckpoint(formatCheckpoint(checkpoint))).toEqual(checkpoint);
      expect(checkpoint.offset).toBeLessThan(2n ** 63n);
      expect(Number.isSafeInteger(checkpoint.at) && Number.isSafeInteger(checkpoint.db)).toBe(true);
      return false;
    },
  });
});
