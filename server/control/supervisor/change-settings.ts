import type { MergePolicy } from "../../merge/merge-policy.ts";
import type { FlushPolicy, ShrinkPolicy } from "../../sync/spec/shard-sync-spec.ts";
import { flushPolicyOf, mergePolicyOf } from "../plan/task-ring.ts";
import { type Actor, byWhom } from "../tasks/actor.ts";
import type { TaskRun } from "../tasks/task-run.ts";
import { idleRun } from "./idle-run.ts";
import type { Supervisor } from "./supervisor.ts";

/** What may be changed of a task while none of its shard syncs runs. */
export type SettingsChange = {
  readonly mergePolicy?: MergePolicy | undefined;
  readonly shrink?: ShrinkPolicy | undefined;
  readonly onFlush?: FlushPolicy | undefined;
};

/**
 * Changes how a task merges; it counts from the resume on.
 * @throws TributaryError TASK_UNKNOWN, TASK_NOT_READY unless it is paused or was never started, INPUT_INVALID,
 * DATABASE_UNWRITABLE
 */
export function changeSettings(
  supervisor: Supervisor,
  taskId: string,
  change: SettingsChange,
  actor: Actor,
): TaskRun {
  const run = idleRun(supervisor, taskId, "be changed");
  const { record } = run;
  const mergePolicy = mergePolicyOf(change.mergePolicy ?? record.mergePolicy, record.ring);
  const onFlush = flushPolicyOf(change.onFlush ?? record.onFlush, record.ring);
  const shrink = change.shrink ?? record.shrink;
  const said = [
    mergePolicy !== record.mergePolicy && `the merge policy from ${record.mergePolicy} to ${mergePolicy}`,
    onFlush !== record.onFlush && `what FLUSHALL does from ${record.onFlush} to ${onFlush}`,
    shrinkText(shrink) !== shrinkText(record.shrink) &&
      `what a shard that shrinks does from ${shrinkText(record.shrink)} to ${shrinkText(shrink)}`,
  ].filter((part) => part !== false);
  if (said.length === 0) return run;
  supervisor.change(run, { mergePolicy, onFlush, shrink });
  const again =
    run.began && said[0]!.startsWith("the merge policy")
      ? " Every shard is copied again when the task is resumed."
      : "";
  const message = `Changed ${said.join(", and ")}, ${byWhom(actor)}.${again}`;
  supervisor.say(run, "settings-changed", message);
  return run;
}

/** e.g. "hold (past 1000 keys and 10 %)". */
function shrinkText({ onShrink, maxKeys, maxShare }: ShrinkPolicy): string {
  return `${onShrink} (past ${maxKeys} keys and ${Math.round(maxShare * 1000) / 10} %)`;
}
