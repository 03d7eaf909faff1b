import { expect, test } from "vitest";
import { worstOf } from "../../../server/control/tasks/task-status.ts";
import type { ShardStatus } from "../../../server/sync/report/shard-report.ts";

const of = (...statuses: ShardStatus[]) => worstOf(statuses.map((status) => ({ status }))).status;

test.each<[ShardStatus, readonly ShardStatus[]]>([
  ["failed", ["synchronizing", "failed", "held", "retrying"]],
  ["held", ["synchronizing", "held", "retrying"]],
  ["retrying", ["connecting", "retrying", "initial-sync"]],
  ["initial-sync", ["synchronizing", "initial-sync", "paused"]],
  ["paused", ["synchronizing", "paused", "finished"]],
  ["synchronizing", ["finished", "synchronizing"]],
  ["finished", ["finished", "finished"]],
])("a task is %s where its shards are %j", (status, statuses) => {
  expect(of(...statuses)).toBe(status);
  expect(of(...statuses.toReversed())).toBe(status);
});

test("of several shards that are equally bad the first one stands for the task", () => {
  const shards = [
    { status: "synchronizing", shard: "a" },
    { status: "failed", shard: "b" },
    { status: "failed", shard: "c" },
  ] as const;
  expect(worstOf(shards).shard).toBe("b");
});
