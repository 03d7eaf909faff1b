import type { TaskRun } from "./task-run.ts";
import type { TaskStore } from "./task-store.ts";
import type { WriteBehind } from "./write-behind.ts";

/** Who starts a shard that has stopped since its data was lost wants it to begin anew. */
export function acceptLoss(
  run: TaskRun,
  { store, writes }: { readonly store: TaskStore; readonly writes: WriteBehind },
): void {
  for (const shard of run.shards) {
    if (shard.acceptLoss()) writes.add(() => store.forgetCheckpoint(run.record.id, shard.record.id));
  }
}
