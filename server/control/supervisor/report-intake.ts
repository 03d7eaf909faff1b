import type { ShardReport } from "../../sync/report/shard-report.ts";
import type { EventLog } from "../history/event-log.ts";
import type { WriteBehind } from "../storage/write-behind.ts";
import type { ShardRun } from "../tasks/shard-run.ts";
import type { TaskStore } from "../tasks/task-store.ts";

/** Takes a shard's report: what it says now is kept at hand, what is new in it is written down. */
export function takeReport(
  shard: ShardRun,
  report: ShardReport,
  options: { readonly store: TaskStore; readonly events: EventLog; readonly writes: WriteBehind },
): void {
  const { store, events, writes } = options;
  shard.accept(report);
  const { taskId, shardId, refused, scripts } = report;
  if (report.checkpoint !== null && !shard.hasCheckpoint) {
    shard.hasCheckpoint = true;
    const { facts } = shard;
    if (facts !== null) writes.add(() => store.saveFacts(facts));
  }
  for (const event of report.events) events.add({ taskId, shardId, ...event });
  if (refused.length > 0) writes.add(() => store.mergeRefused(taskId, shardId, refused));
  if (scripts.length > 0) writes.add(() => store.mergeScripts(taskId, shardId, scripts));
}
