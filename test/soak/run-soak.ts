import { setTimeout as sleep } from "node:timers/promises";
import { describeDifferences } from "../digest/compare-union.ts";
import { seededRandom } from "../traffic/seeded-random.ts";
import type { SoakCluster } from "./soak-cluster.ts";
import { describeFault, type Fault, planRound, type Target } from "./soak-plan.ts";
import { strike } from "./strike.ts";

export type SoakSummary = { readonly rounds: number; readonly faults: number; readonly commands: number };

/**
 * Round after round: traffic, faults, no more traffic, and the destination is the union of the shards. The seed
 * decides on the faults and on the commands of every round.
 * @throws Error with the differences and the faults of the last rounds.
 */
export async function runSoak(
  cluster: SoakCluster,
  seed: number,
  more: (rounds: number) => boolean,
): Promise<SoakSummary> {
  const history: string[] = [];
  let rounds = 0;
  let faults = 0;
  let commands = 0;
  const began = performance.now();
  const say = (text: string) => {
    const line = `${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${text}`;
    history.push(line);
    console.log(line);
  };
  await cluster.caughtUp();
  while (more(rounds)) {
    const roundSeed = seed + 1000 * rounds;
    const plan = planRound(seededRandom(roundSeed), cluster.shards.length);
    say(`round ${rounds + 1}: ${plan.map(describeFault).join("; ")}`);
    try {
      cluster.startTraffic(roundSeed);
      await strikeAll(cluster, plan);
      commands += await cluster.stopTraffic();
      const quiet = performance.now();
      await cluster.caughtUp();
      const comparison = await cluster.compare();
      if (comparison.differences.length > 0) throw new Error(describeDifferences(comparison));
      const seconds = ((performance.now() - quiet) / 1000).toFixed(1);
      say(
        `round ${rounds + 1}: ${comparison.destinationKeys} keys are equal ${seconds} s after the last command`,
      );
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`TEST_SEED=${seed}, round ${rounds + 1}: ${why}\n${history.slice(-8).join("\n")}`, {
        cause: error,
      });
    }
    rounds++;
    faults += plan.length;
  }
  return { rounds, faults, commands };
}

/** Faults of one target follow one another; those of different targets may meet. */
async function strikeAll(cluster: SoakCluster, plan: readonly Fault[]): Promise<void> {
  const began = performance.now();
  const busy = new Map<Target, Promise<void>>();
  for (const fault of plan) {
    const before = busy.get(fault.target) ?? Promise.resolve();
    const run = async () => {
      await before;
      await sleep(Math.max(0, fault.startsAt - (performance.now() - began)));
      await strike(cluster, fault);
    };
    busy.set(fault.target, run());
  }
  await Promise.all(busy.values());
}
