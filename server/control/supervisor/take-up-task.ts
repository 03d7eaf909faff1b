import { ShardRun } from "../tasks/shard-run.ts";
import type { TaskRecord } from "../tasks/task-record.ts";
import { TaskRun } from "../tasks/task-run.ts";
import type { TaskStore } from "../tasks/task-store.ts";

/** The task as it runs, with what is remembered of its shards. */
export function takeUp(record: TaskRecord, store: TaskStore): TaskRun {
  const facts = store.lastFacts(record.id);
  const totals = store.refusedTotals(record.id);
  const withCheckpoint = store.withCheckpoint(record.id);
  const shards = record.shards.map(
    (shard) =>
      new ShardRun(shard, facts.get(shard.id) ?? null, totals.get(shard.id), withCheckpoint.has(shard.id)),
  );
  return new TaskRun(record, shards);
}
