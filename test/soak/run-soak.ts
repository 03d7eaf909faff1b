import { setTimeout as sleep } from "node:timers/promises";
import { describeDifferences } from "../digest/compare-union.ts";
import { seededRandom } from "../traffic/seeded-random.ts";
import type { SoakCluster } from "./soak-cluster.ts";
import { describeFault, type Fault, planSoak, type Target, targetsOf } from "./soak-plan.ts";
import { strike } from "./strike.ts";

export type SoakOptions = {
  readonly seed: number;
  /** Whether another round begins. */
  readonly more: (rounds: number) => boolean;
  readonly halfOpen: boolean;
  readonly oldMasters: boolean;
  /** The round in which a second task comes, from 0: until then an initial sync removes what a shard has lost. */
  readonly neighborFrom: number;
};

export type SoakSummary = {
  readonly rounds: number;
  readonly commands: number;
  /** Of all rounds together. */
  readonly keysCompared: number;
  /** `kind target` → how often. */
  readonly faults: ReadonlyMap<string, number>;
  readonly alerts: readonly string[];
};

/**
 * Round after round: traffic, faults, no more traffic, and the destination is the union of the shards. The seed alone
 * decides on the faults, their order and moments, and on the commands of every round.
 * @throws Error with the differences and the faults of the last rounds.
 */
export async function runSoak(cluster: SoakCluster, options: SoakOptions): Promise<SoakSummary> {
  const { seed, more, halfOpen, oldMasters, neighborFrom } = options;
  const plans = planSoak(seededRandom(seed), {
    shards: cluster.shards.length,
    halfOpen,
    oldMasters,
    neighborFrom,
  });
  const history: string[] = [];
  const faults = new Map<string, number>();
  let rounds = 0;
  let commands = 0;
  let keysCompared = 0;
  const began = performance.now();
  const say = (text: string) => {
    const line = `${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${text}`;
    history.push(line);
    console.log(line);
  };
  await cluster.main.caughtUp();
  while (more(rounds)) {
    const plan = plans.next().value;
    say(`round ${rounds + 1}: ${plan.map(describeFault).join("; ")}`);
    try {
      cluster.startTraffic(seed + 1000 * rounds);
      await strikeAll(cluster, plan);
      commands += await cluster.stopTraffic();
      const quiet = performance.now();
      let keys = 0;
      const waits: string[] = [];
      for (const task of cluster.tasks) {
        await task.caughtUp();
        const comparison = await task.compare();
        if (comparison.differences.length > 0) {
          throw new Error(
            `${task.engines.taskId}: ${describeDifferences(comparison)}\n${await task.explain(comparison)}`,
          );
        }
        await task.engines.expectRunning();
        const complaints = task.engines.complaints();
        if (complaints.length > 0) throw new Error(`the engine says\n${complaints.slice(0, 20).join("\n")}`);
        keys += comparison.destinationKeys;
        const seconds = ((performance.now() - quiet) / 1000).toFixed(1);
        waits.push(`${task.engines.taskId} ${seconds} s (look ${task.looks})`);
      }
      keysCompared += keys;
      say(`round ${rounds + 1}: ${keys} keys are equal, since the last command: ${waits.join(", ")}`);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const where = `TEST_SEED=${seed}, round ${rounds + 1}, ${halfOpen ? "with" : "without"} half-open links`;
      throw new Error(`${where}: ${why}\n${history.slice(-8).join("\n")}`, { cause: error });
    }
    rounds++;
    for (const { kind, target } of plan) {
      const name = `${kind} ${typeof target === "number" ? "shard" : target}`;
      faults.set(name, (faults.get(name) ?? 0) + 1);
    }
  }
  return {
    rounds,
    commands,
    keysCompared,
    faults,
    alerts: cluster.tasks.flatMap(({ engines }) => engines.alerts()),
  };
}

/** Faults of one target follow one another, unless one fails; those of different targets may meet. */
async function strikeAll(cluster: SoakCluster, plan: readonly Fault[]): Promise<void> {
  const began = performance.now();
  const busy = new Map<Target, Promise<void>>();
  const runs: Promise<void>[] = [];
  for (const fault of plan) {
    const targets = targetsOf(fault, cluster.shards.length);
    const before = targets.map((target) => busy.get(target));
    const run = async () => {
      await Promise.all(before);
      await sleep(Math.max(0, fault.startsAt - (performance.now() - began)));
      await strike(cluster, fault);
    };
    const running = run();
    runs.push(running);
    for (const target of targets) busy.set(target, running);
  }
  // All of them end before the first failure is told: the servers are about to go.
  const ends = await Promise.allSettled(runs);
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}
