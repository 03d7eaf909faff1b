import { TributaryError } from "../../errors/tributary-error.ts";
import type { AddressInput } from "../plan/task-input.ts";
import { planFurther } from "../plan/task-plan.ts";
import type { SecretBox } from "../secrets/secret-box.ts";
import type { StorageHealth } from "../storage/storage-health.ts";
import { type Actor, byWhom } from "../tasks/actor.ts";
import { ShardRun } from "../tasks/shard-run.ts";
import type { TaskRun } from "../tasks/task-run.ts";
import { shardRecordOf } from "../tasks/task-specs.ts";
import type { TaskStore } from "../tasks/task-store.ts";
import { idleRun } from "./idle-run.ts";
import type { Supervisor } from "./supervisor.ts";

export type AddShardsOptions = {
  readonly supervisor: Supervisor;
  readonly store: TaskStore;
  readonly health: StorageHealth;
  readonly box: SecretBox;
};

/**
 * Gives a task whose shards were given by hand further ones; they are checked, and copied, when it is resumed.
 * @throws TributaryError TASK_UNKNOWN, TASK_FINISHED, TASK_NOT_READY unless it is paused or was never started,
 * INPUT_INVALID for a task of a pool, whose ring has no room for others, ADDRESS_INVALID, SHARD_MISSING,
 * DATABASE_UNWRITABLE
 */
export function addShards(
  { supervisor, store, health, box }: AddShardsOptions,
  taskId: string,
  inputs: readonly AddressInput[],
  actor: Actor,
): TaskRun {
  const run = idleRun(supervisor, taskId, "take further shards");
  const { record } = run;
  if (record.source.kind !== "shards") {
    const detail = `the shards of ${record.name} are those of a nutcracker.yml`;
    throw new TributaryError("INPUT_INVALID", { field: "Shards", detail });
  }
  const planned = planFurther(inputs, record.shards);
  if (planned.length === 0) throw new TributaryError("SHARD_MISSING");
  const added = planned.map((shard) => shardRecordOf(shard, taskId, box));
  health.durably(() => store.addShards(taskId, added, record.shards.length));
  run.record = { ...record, prechecked: false, shards: [...record.shards, ...added] };
  run.shards = [...run.shards, ...added.map((shard) => new ShardRun(shard, null, undefined, false))];
  const names = added.map(({ name }) => name).join(", ");
  supervisor.say(run, "shards-added", `Added ${names}, ${byWhom(actor)}.`);
  return run;
}
