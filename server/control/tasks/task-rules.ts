import { TributaryError } from "../../errors/tributary-error.ts";
import type { TaskAction } from "./task-record.ts";
import type { TaskRun } from "./task-run.ts";

/**
 * Whether an action has something to do: `false` when the task is already as it would make it.
 * @throws TributaryError TASK_FINISHED, TASK_NOT_READY, CUTOVER_UNDER_WAY
 */
export function mayAct(run: TaskRun, action: TaskAction): boolean {
  const { name, wanted } = run.record;
  if (wanted === "finished") {
    if (action === "stop") return false;
    if (action === "delete") return true;
    throw new TributaryError("TASK_FINISHED", { task: name, action: spoken[action] });
  }
  if (run.atRest || (run.cutover !== null && action === "stop"))
    throw new TributaryError("CUTOVER_UNDER_WAY", { task: name, action: spoken[action] });
  const { status } = run.state();
  const refuse = (remedy: string) =>
    new TributaryError("TASK_NOT_READY", { task: name, action: spoken[action], status, remedy });
  switch (action) {
    case "start":
      return wanted !== "running" || status === "failed" || run.shards.some((shard) => shard.ended);
    case "resume":
      if (wanted === "created") throw refuse("It was never started: start it.");
      return wanted === "paused";
    case "pause":
      if (wanted === "created") throw refuse("It does not run yet, so nothing is to be paused.");
      return wanted !== "paused";
    case "stop":
      if (wanted === "running" && status === "synchronizing") return true;
      throw refuse(
        wanted === "running"
          ? "A cutover needs all shards synchronizing, else writes would be missing. Wait for that, or pause and delete the task."
          : "A cutover needs all shards synchronizing, else writes would be missing. Start or resume it, or delete it.",
      );
    case "resync":
      if (wanted === "running" && run.record.failure === null && run.checking === null) return true;
      throw refuse("It does not run: start or resume it first.");
    case "delete":
      // Of a task that is stopping, the delete comes after the stop: a task's steps never overlap.
      if (wanted !== "running" || (run.record.failure !== null && !run.running)) return true;
      throw refuse("Pause or stop it first.");
  }
}

/** @throws TributaryError TASK_NAME_TAKEN where a task other than this one is called so. */
export function refuseTakenName(runs: readonly TaskRun[], name: string, exceptId: string | null): void {
  const taken = runs.some(({ record }) => record.name === name && record.id !== exceptId);
  if (taken) throw new TributaryError("TASK_NAME_TAKEN", { name });
}

const spoken: Record<TaskAction, string> = {
  start: "start",
  pause: "be paused",
  resume: "be resumed",
  stop: "be stopped",
  delete: "be deleted",
  resync: "synchronize again",
};
