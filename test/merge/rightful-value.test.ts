import { expect, test } from "vitest";
import { rightfulValue } from "../../server/merge/rightful-value.ts";

const at = (shard: number, writtenAt = 0) => ({ shard, writtenAt });

test("gives the owner's value wherever the owner holds the key", () => {
  for (const ownerOnly of [false, true]) {
    expect(rightfulValue(1, ownerOnly, [at(0, 9), at(1), at(2)])).toEqual({ kind: "owner", shard: 1 });
  }
});

test("gives a lone stray's value where the owner does not hold the key, and says when there are several", () => {
  expect(rightfulValue(1, false, [at(0)])).toEqual({ kind: "lone", shard: 0, ambiguous: false });
  expect(rightfulValue(1, false, [at(0, 5), at(2, 7)])).toEqual({ kind: "lone", shard: 2, ambiguous: true });
});

test("leaves strays out where only owners count", () => {
  expect(rightfulValue(1, true, [at(0)])).toEqual({ kind: "nobody" });
});

test("takes what was written last where no key has an owner", () => {
  expect(rightfulValue(null, false, [at(0, 3), at(1, 2)])).toEqual({
    kind: "last",
    shard: 0,
    ambiguous: true,
  });
});

test("holds nothing for a key that no shard holds", () => {
  expect(rightfulValue(0, false, [])).toEqual({ kind: "nobody" });
  expect(rightfulValue(null, false, [])).toEqual({ kind: "nobody" });
});
