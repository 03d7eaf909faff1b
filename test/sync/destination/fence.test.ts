import { expect, test } from "vitest";
import { epochIsBehind, requireEpoch } from "../../../server/sync/destination/fence.ts";

const spec = { shardName: "alpha" };

test.each([null, undefined, "0", "6", "7"])(
  "goes on where the destination holds the epoch %s, its own being 7",
  (held) => {
    expect(() => requireEpoch(held, 7, spec)).not.toThrow();
  },
);

test("is fenced off by a higher epoch alone", () => {
  expect(() => requireEpoch("8", 7, spec)).toThrow(expect.objectContaining({ code: "FENCED" }));
});

test.each([
  [null, true],
  ["6", true],
  ["7", false],
  ["8", false],
])("a destination that holds the epoch %s has gone back behind 7: %s", (held, behind) => {
  expect(epochIsBehind(held, 7)).toBe(behind);
});
