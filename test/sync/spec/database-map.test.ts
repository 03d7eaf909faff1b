import { expect, test } from "vitest";
import { destinationDb, isDestinationDb, sourceDbs } from "../../../server/sync/spec/database-map.ts";

const pairs = {
  kind: "pairs",
  pairs: [
    { source: 0, destination: 0 },
    { source: 3, destination: 5 },
    { source: 4, destination: 3 },
  ],
} as const;

test("all databases keep their numbers", () => {
  for (const db of [0, 1, 15, 1000]) {
    expect(destinationDb({ kind: "all" }, db)).toBe(db);
    expect(isDestinationDb({ kind: "all" }, db)).toBe(true);
    expect(sourceDbs({ kind: "all" }, db)).toEqual([db]);
  }
});

test("pairs map their sources, and nothing else", () => {
  expect([0, 1, 3, 4, 5].map((db) => destinationDb(pairs, db))).toEqual([0, null, 5, 3, null]);
  expect([0, 1, 3, 4, 5].map((db) => isDestinationDb(pairs, db))).toEqual([true, false, true, false, true]);
  expect([0, 1, 3, 4, 5].map((db) => sourceDbs(pairs, db))).toEqual([[0], [], [4], [], [3]]);
});
