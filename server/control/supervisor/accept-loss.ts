import type { WriteBehind } from "../storage/write-behind.ts";
import type { TaskRun } from "../tasks/task-run.ts";
import type { TaskStore } from "../tasks/task-store.ts";

/** Who starts a shard that has stopped since its data was lost wants it to begin anew. */
export function acceptLoss(
  run: TaskRun,
  { store, writes }: { readonly store: TaskStore; readonly writes: WriteBehind },
): void {
  for (const shard of run.shards) {
    if (shard.acceptLoss()) writes.add(() => store.forgetCheckpoint(run.record.id, shard.record.id));
  }
}
