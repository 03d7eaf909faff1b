import { expect, test } from "vitest";
import { clearedBy } from "../../../server/control/verification/cleared-shards.ts";

const cause = (lastAt: number) => ({ code: "FLUSHALL", message: "", count: 1, firstAt: 1, lastAt });
const shards = [
  { id: "s0", differs: { since: 1, causes: [cause(90)] } },
  { id: "s1", differs: null },
  { id: "s2", differs: { since: 1, causes: [cause(90), cause(110)] } },
];
const clean = {
  outcome: "equal" as const,
  depth: "full" as const,
  range: { sample: 100, prefix: null, shard: null },
  counts: {},
  startedAt: 100,
};

test("clears the shards whose last difference came before it began", () =>
  expect(clearedBy(clean, shards)).toEqual(["s0"]));

test.each([
  ["another outcome", { outcome: "unknown" as const }],
  ["a look at names only", { depth: "keys" as const }],
  ["a sample", { range: { ...clean.range, sample: 99 } }],
  ["a prefix", { range: { ...clean.range, prefix: Buffer.from("a") } }],
  ["another shard", { range: { ...clean.range, shard: 1 } }],
  ["keys that may be a neighbor's", { counts: { neighbor: 1 } }],
  ["keys that kept changing", { counts: { busy: 1 } }],
  ["keys that are left out", { counts: { "left-out": 1 } }],
])("clears none by %s", (_, other) => expect(clearedBy({ ...clean, ...other }, shards)).toEqual([]));
