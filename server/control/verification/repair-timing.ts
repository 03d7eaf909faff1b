import type { TaskRun } from "../tasks/task-run.ts";

/**
 * Whether a task can be repaired.
 * - now: its shard syncs copy the keys at once;
 * - later: the keys are noted on the destination, and copied as soon as all shards synchronize;
 * - never: nothing orders a copy any more.
 */
export type RepairTiming = {
  readonly how: "now" | "later" | "never";
  /** What that means for the user, in a sentence; null where it is as usual. */
  readonly meaning: string | null;
};

/** A copy has to take its place in the shard's stream, else it could undo a newer write: only a shard sync can do that. */
export function repairTiming(run: TaskRun): RepairTiming {
  const { wanted, name } = run.record;
  const { status } = run.state();
  if (wanted === "finished") {
    const meaning = `Task ${name} is finished: nothing says any more which of two writes is the newer one, and what the application has written to the destination since would be undone`;
    return { how: "never", meaning };
  }
  if (run.atRest) {
    const meaning = `Task ${name} is being cut over: nothing may write to the destination until somebody goes back there`;
    return { how: "never", meaning };
  }
  if (wanted === "created" || !run.began)
    return { how: "never", meaning: `Task ${name} has written nothing yet: its start copies every key` };
  if (wanted === "running" && status === "synchronizing") return { how: "now", meaning: null };
  const why = wanted === "paused" ? `Task ${name} is paused` : `Not all shards of ${name} are synchronizing`;
  const meaning = `${why}: the keys are noted on the destination, and are copied and verified when ${wanted === "paused" ? "it is resumed" : "they are"}. Until then they stay as they are`;
  return { how: "later", meaning };
}
