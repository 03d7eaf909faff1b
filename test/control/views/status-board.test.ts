import { describe, expect, it } from "vitest";
import { BEHIND_SECONDS, statusBoard, statusTask } from "../../../server/control/views/status-board.ts";
import type { TaskView } from "../../../server/control/views/task-view.ts";
import type { ShardReport } from "../../../server/sync/report/shard-report.ts";
import { until } from "../../servers/index.ts";
import { openTestControl, twoShards } from "../harness/open-test-control.ts";

const lag = { bytes: 0, seconds: 0, secondsUnknownBecause: null };

/** A task of two shards that are as their reports say. */
async function taskOf(...reports: [Partial<ShardReport>, Partial<ShardReport>]): Promise<TaskView> {
  const control = openTestControl();
  const { id } = await control.control.create(twoShards, { start: true, skipChecks: false });
  await until(() => control.runner.specs.size === 2, { what: "the shard syncs were begun" });
  const task = control.control.task(id);
  control.runner.reportAll("synchronizing", { lag });
  const shards = control.control.task(id).shards.map((shard, at) => {
    const report = shard.report === null ? null : { ...shard.report, ...reports[at] };
    return { ...shard, report, status: report?.status ?? shard.status };
  });
  return { ...task, status: "synchronizing", shards };
}

describe("the health of a task", () => {
  it("is good while all of its shards synchronize", async () =>
    expect(statusTask(await taskOf({}, {})).health).toBe("good"));

  it("is that of its worst shard, which stands first", async () => {
    const { health, shards } = statusTask(await taskOf({}, { status: "failed" }));
    expect(health).toBe("failed");
    expect(shards.map((shard) => shard.name)).toEqual(["b", "a"]);
  });

  it("is not good for a shard that synchronizes, but far behind", async () => {
    const late = { lag: { ...lag, seconds: BEHIND_SECONDS } };
    expect(statusTask(await taskOf(late, {})).health).toBe("attention");
    const unknown = { lag: { ...lag, seconds: null } };
    expect(statusTask(await taskOf(unknown, {})).health).toBe("good");
  });

  it("is not good while the destination is known to differ", async () => {
    const differs = { since: 1, causes: [] };
    expect(statusTask(await taskOf({ differs }, {})).health).toBe("attention");
  });

  it("is not good once a verification found differences, until that says nothing any more", async () => {
    const task = await taskOf({}, {});
    const verdict = {
      ...{ id: 1, outcome: "different" as const, sentence: "", finishedAt: 1, compared: 1, differences: 1 },
      ...{ part: null, stale: null },
    } as const;
    expect(statusTask({ ...task, verdict }).health).toBe("attention");
    expect(statusTask({ ...task, verdict: { ...verdict, stale: "it is older than a day" } }).health).toBe(
      "good",
    );
  });
});

describe("the status board", () => {
  const named = async (id: string, more: Partial<ShardReport> = {}) => ({
    ...statusTask(await taskOf(more, {})),
    id,
    name: id,
  });

  it("has groups in their order, tasks that need somebody first, and the rest at the end", async () => {
    const tasks = [await named("a"), await named("b", { status: "retrying" }), await named("c")];
    const groups = [
      { name: "second", taskIds: ["c", "gone"] },
      { name: "first", taskIds: ["a", "b"] },
      { name: "empty", taskIds: ["gone"] },
    ];
    const shown = (others: boolean) =>
      statusBoard([...tasks, { ...tasks[0]!, id: "d" }], { groups, others }, 1).groups.map((group) => [
        group.name,
        ...group.tasks.map(({ id }) => id),
      ]);
    expect(shown(true)).toEqual([
      ["second", "c"],
      ["first", "b", "a"],
      [null, "d"],
    ]);
    expect(shown(false)).toHaveLength(2);
  });

  it("counts what is shown and is to run, and nothing of what is hidden", async () => {
    const tasks = [await named("a"), await named("b", { status: "failed" })];
    const board = statusBoard(tasks, { groups: [{ name: "x", taskIds: ["a"] }], others: false }, 7);
    expect(board).toMatchObject({ at: 7, health: "good", shards: 2, synchronizing: 2, worstLagSeconds: 0 });
    expect(statusBoard([], { groups: [], others: true }, 7)).toMatchObject({
      ...{ health: "idle", shards: 0, synchronizing: 0, worstLagSeconds: null, commandsPerSecond: null },
      groups: [],
    });
  });
});
