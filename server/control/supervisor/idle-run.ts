import { TributaryError } from "../../errors/tributary-error.ts";
import type { TaskRun } from "../tasks/task-run.ts";
import type { Supervisor } from "./supervisor.ts";

/**
 * A task of which nothing runs, so that what it is told can be changed.
 * @param action as the end of "Task river cannot …".
 * @throws TributaryError TASK_UNKNOWN, TASK_FINISHED, TASK_NOT_READY
 */
export function idleRun(supervisor: Supervisor, taskId: string, action: string): TaskRun {
  const run = supervisor.run(taskId);
  const { name, wanted } = run.record;
  if (run.atRest) throw new TributaryError("CUTOVER_UNDER_WAY", { task: name, action });
  if (wanted === "finished") throw new TributaryError("TASK_FINISHED", { task: name, action });
  if ((wanted === "paused" || wanted === "created") && !run.running) return run;
  const { status } = run.state();
  const remedy = wanted === "running" ? "Pause it first." : "Wait until all of its shards have stopped.";
  throw new TributaryError("TASK_NOT_READY", { task: name, action, status, remedy });
}
