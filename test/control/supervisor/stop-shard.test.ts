import { expect, test } from "vitest";
import { stopShard } from "../../../server/control/supervisor/stop-shard.ts";
import { ShardRun } from "../../../server/control/tasks/shard-run.ts";
import type { ShardRecord, TaskRecord } from "../../../server/control/tasks/task-record.ts";
import { TaskRun } from "../../../server/control/tasks/task-run.ts";
import type { StreamProgress } from "../../../server/sync/report/shard-report.ts";
import { reportOf } from "../harness/fake-runner.ts";

/** A shard sync that had received up to 100, and has applied up to `applied` when it has stopped. */
async function stopped(wanted: TaskRecord["wanted"], applied: number, drained = true) {
  const shard = new ShardRun({ id: "s" } as ShardRecord, null, undefined, true);
  const run = new TaskRun({ id: "t", wanted } as TaskRecord, [shard]);
  const report = (appliedOffset: number) => {
    const one = reportOf({ taskId: "t", shardId: "s" }, "synchronizing");
    const stream: StreamProgress = {
      ...one.stream!,
      receivedOffset: "100",
      appliedOffset: String(appliedOffset),
    };
    shard.accept({ ...one, stream });
  };
  report(50);
  return stopShard(run, shard, {
    start() {},
    tell() {},
    stop: async () => {
      report(applied);
      return { drained };
    },
    close: async () => {},
  });
}

test("a cutover is sure only when all that had been received is applied, whatever the runner says", async () => {
  expect(await stopped("finished", 100)).toBe(true);
  expect(await stopped("finished", 99)).toBe(false);
  expect(await stopped("finished", 100, false)).toBe(false);
});

test("a pause leaves what is not applied to the next start", async () => {
  expect(await stopped("paused", 60)).toBe(true);
  expect(await stopped("paused", 60, false)).toBe(true);
});
