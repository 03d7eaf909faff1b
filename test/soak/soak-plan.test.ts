import { expect, test } from "vitest";
import { seededRandom } from "../traffic/seeded-random.ts";
import { cards, describeFault, type PlanOptions, planSoak } from "./soak-plan.ts";

const options: PlanOptions = { shards: 3, halfOpen: true, oldMasters: true, neighborFrom: 30 };

function rounds(seed: number, count: number, more: Partial<PlanOptions> = {}) {
  const plan = planSoak(seededRandom(seed), { ...options, ...more });
  return Array.from({ length: count }, () => plan.next().value);
}

test("the same seed gives the same faults at the same moments, another seed others", () => {
  expect(rounds(7, 20)).toEqual(rounds(7, 20));
  expect(rounds(7, 20)).not.toEqual(rounds(8, 20));
});

test("every fault comes before any comes a third time", () => {
  const deck = cards(options);
  const faults = rounds(1, deck.length).flat().slice(0, deck.length);
  const whom = (target: unknown) => (typeof target === "number" ? "shard" : target);
  const dealt = faults.map(({ kind, target }) => `${kind} ${whom(target)}`);
  // A round is in the order of its moments, and the last one may be cut off: some of it may be another deck's.
  const missing = deck.filter(({ kind, who }) => !dealt.includes(`${kind} ${who}`));
  expect(missing.length).toBeLessThan(4);
});

test("says all that a fault depends on", () => {
  const [first] = rounds(3, 1)[0]!;
  expect(describeFault({ ...first!, kind: "cut", target: 1, startsAt: 5, lasts: 6, chance: 0.25 })).toBe(
    "5 ms: cut shard 2, 6 ms, 0.25",
  );
});

test("leaves no link half-open where that would take too long", () => {
  const kinds = rounds(5, 60, { halfOpen: false, oldMasters: true }).flat();
  expect(kinds.some(({ kind }) => kind === "half-open")).toBe(false);
});

test("the first round has strays, and the second task comes in the round that is asked for", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const plan = rounds(seed, 20, { neighborFrom: 2 });
    expect(plan[0]!.map(({ kind }) => kind)).toContain("strays");
    const first = plan.findIndex((round) => round.some(({ target }) => target === "neighbor"));
    expect(first).toBe(2);
    const struck = plan.flat().filter(({ target }) => target === "neighbor");
    expect(new Set(struck.map(({ kind }) => kind))).toEqual(new Set(["kill", "outrun", "delete"]));
  }
});
