import { TributaryError } from "../errors/tributary-error.ts";
import { Checkpoints } from "../verify/checkpoints.ts";
import { Repair } from "../verify/repair.ts";
import {
  type RepairCounts,
  type RepairedKey,
  type RepairKey,
  repairSentence,
} from "../verify/repair-outcome.ts";
import { openDestinationSide } from "../verify/sides.ts";
import type { VerifySpec } from "../verify/verify-spec.ts";

/** What `npm run verify -- --repair` came to. */
export type CliRepair = { readonly sentence: string; readonly keys: readonly RepairedKey[] };

/**
 * Has the keys repaired by the shard syncs that run, in whatever process. Only these know the order of a shard's writes:
 * where one does not run, nothing is done.
 * @throws TributaryError REPAIR_REFUSED and those of Repair.run.
 */
export async function repairByRunning(
  spec: VerifySpec,
  keys: readonly RepairKey[],
  { patienceMs, signal }: { readonly patienceMs: number; readonly signal: AbortSignal },
): Promise<CliRepair> {
  await requireRunning(spec, patienceMs, signal);
  const outcomes = new Map<RepairKey, RepairedKey>();
  const repair = new Repair({
    spec,
    limits: { patienceMs },
    // They look by themselves now and then.
    onNoted: () => {},
    onKeys: (repaired) => {
      for (const one of repaired) outcomes.set(one.key, one);
    },
    now: Date.now,
    signal,
  });
  await repair.run(keys);
  const counts: RepairCounts = {};
  for (const { outcome } of outcomes.values()) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return { sentence: repairSentence(counts, Date.now()), keys: [...outcomes.values()] };
}

async function requireRunning(spec: VerifySpec, patienceMs: number, signal: AbortSignal): Promise<void> {
  const destination = await openDestinationSide(spec.destination, signal);
  try {
    const shardIds = spec.shards.map(({ shardId }) => shardId);
    const task = { taskId: spec.taskId, shardIds };
    const checkpoints = new Checkpoints(destination, spec.checkpointDb, task, patienceMs);
    for (const [index, { shardName }] of spec.shards.entries()) {
      if (await checkpoints.alive(index, Date.now())) continue;
      const detail = `shard ${shardName} is not being synchronized, and a copy that has no place in its stream could undo a newer write`;
      throw new TributaryError("REPAIR_REFUSED", { task: spec.taskId, detail });
    }
  } finally {
    destination.connection.close();
  }
}

/** As plain data; keys in base64. */
export function repairJson({ sentence, keys }: CliRepair) {
  return {
    sentence,
    keys: keys.map(({ key, outcome, before, after }) => ({
      ...{ kind: key.kind, shard: key.shard, db: key.db, key: key.key.toString("base64") },
      ...{ outcome, before, after },
    })),
  };
}
