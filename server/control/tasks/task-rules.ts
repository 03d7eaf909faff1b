import { TributaryError } from "../../errors/tributary-error.ts";
import type { ShardStatus } from "../../sync/report/shard-report.ts";
import type { TaskAction, TaskRecord } from "./task-record.ts";
import type { TaskRun } from "./task-run.ts";

/** What the rule looks at. */
export type TaskFacts = Pick<TaskRecord, "wanted" | "cuttingOver"> & {
  readonly status: ShardStatus;
  /** Something stands against the task as a whole. */
  readonly failed: boolean;
  /** The checks of a start are under way. */
  readonly checking: boolean;
  /** A shard sync of it runs, or is being stopped. */
  readonly running: boolean;
  /** A shard sync of it has ended by itself. */
  readonly ended: boolean;
  /** A cutover by steps is under way, and whether it has brought the task to rest: see TaskRun. */
  readonly cutover: "none" | "under way" | "at rest";
};

/** `done` where the task is already as the action would make it. A refusal says what to do instead. */
export type Ruling = "permitted" | "done" | "over" | "in cutover" | { readonly remedy: string };

const CUTOVER_NEEDS = "A cutover needs all shards synchronizing, else writes would be missing.";

/** The one rule for what may be done with a task now. */
export function rulingOn(task: TaskFacts, action: TaskAction): Ruling {
  const { wanted, status } = task;
  if (wanted === "finished") {
    if (action === "stop") return "done";
    if (action !== "delete") return "over";
    return task.cuttingOver ? { remedy: "Its cutover is under way: wait for the end of it." } : "permitted";
  }
  if (task.cutover === "at rest" || (task.cutover !== "none" && action === "stop")) return "in cutover";
  switch (action) {
    case "start":
      return wanted !== "running" || status === "failed" || task.ended ? "permitted" : "done";
    case "resume":
      if (wanted === "created") return { remedy: "It was never started: start it." };
      return wanted === "paused" ? "permitted" : "done";
    case "pause":
      if (wanted === "created") return { remedy: "It does not run yet, so nothing is to be paused." };
      return wanted === "paused" ? "done" : "permitted";
    case "stop":
      if (wanted !== "running") return { remedy: `${CUTOVER_NEEDS} Start or resume it, or delete it.` };
      if (status === "synchronizing") return "permitted";
      return { remedy: `${CUTOVER_NEEDS} Wait for that, or pause and delete the task.` };
    case "resync":
      if (wanted === "running" && !task.failed && !task.checking) return "permitted";
      return { remedy: "It does not run: start or resume it first." };
    case "delete":
      // Of a task that is stopping, the delete comes after the stop: a task's steps never overlap.
      if (wanted !== "running" || (task.failed && !task.running)) return "permitted";
      return { remedy: "Pause or stop it first." };
  }
}

/** The actions that a page offers: those that are permitted, and of starting and resuming the one that says it. */
export function actionsOn(task: TaskFacts): TaskAction[] {
  const actions = OFFERED.filter((action) => rulingOn(task, action) === "permitted");
  return actions.includes("resume") ? actions.filter((action) => action !== "start") : actions;
}

const OFFERED: readonly TaskAction[] = ["start", "resume", "pause", "resync", "stop", "delete"];

/**
 * Whether an action has something to do: `false` when the task is already as it would make it.
 * @throws TributaryError TASK_FINISHED, TASK_NOT_READY, CUTOVER_UNDER_WAY
 */
export function mayAct(run: TaskRun, action: TaskAction): boolean {
  const { name } = run.record;
  const facts = run.ruleFacts();
  const ruling = rulingOn(facts, action);
  if (ruling === "over") throw new TributaryError("TASK_FINISHED", { task: name, action: spoken[action] });
  if (ruling === "in cutover")
    throw new TributaryError("CUTOVER_UNDER_WAY", { task: name, action: spoken[action] });
  if (typeof ruling === "object") {
    const details = { task: name, action: spoken[action], status: facts.status, ...ruling };
    throw new TributaryError("TASK_NOT_READY", details);
  }
  return ruling === "permitted";
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
