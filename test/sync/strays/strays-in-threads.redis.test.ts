import { expect, test } from "vitest";
import { seededRandom } from "../../traffic/seeded-random.ts";
import { seed } from "../harness/check-property.ts";
import { ThreadsForTest } from "../harness/sync-in-thread.ts";
import { loneStrayRounds } from "./lone-stray-rounds.ts";
import { MergeWorld } from "./merge-world.ts";

/** TEST_ROUNDS=50 for a long run. */
const ROUNDS = Number(process.env.TEST_ROUNDS ?? 3);

test.each([
  [2, "owner-wins"],
  [3, "owner-only"],
] as const)(
  "%i shards on threads of their own, %s: what settles is the sum by the rule, whatever strays there were",
  async (shards, policy) => {
    const threads = new ThreadsForTest(shards);
    const world = await MergeWorld.start({ shards, policy, threads });
    await loneStrayRounds(world, ROUNDS, seededRandom(seed + shards));
    expect(threads.deaths).toEqual([]);
  },
  60_000 + 20_000 * ROUNDS,
);
