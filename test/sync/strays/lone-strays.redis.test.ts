import { test } from "vitest";
import { seededRandom } from "../../traffic/seeded-random.ts";
import { seed } from "../harness/check-property.ts";
import { loneStrayRounds } from "./lone-stray-rounds.ts";
import { MergeWorld } from "./merge-world.ts";

/** TEST_ROUNDS=50 for a long run. */
const ROUNDS = Number(process.env.TEST_ROUNDS ?? 6);

test.each([
  [2, "owner-wins"],
  [3, "owner-wins"],
  [3, "owner-only"],
] as const)(
  "%i shards, %s: what settles is the sum by the rule, whatever strays there were",
  async (shards, policy) => {
    const world = await MergeWorld.start({ shards, policy });
    await loneStrayRounds(world, ROUNDS, seededRandom(seed + shards));
  },
  30_000 + 15_000 * ROUNDS,
);
