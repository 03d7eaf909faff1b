import { expect, test } from "vitest";
import type { TaskAction } from "../../../server/control/tasks/task-record.ts";
import { actionsOn, rulingOn, type TaskFacts } from "../../../server/control/tasks/task-rules.ts";

const actions: readonly TaskAction[] = ["start", "pause", "resume", "stop", "delete", "resync"];
const task = (facts: Partial<TaskFacts>): TaskFacts => ({
  ...{ wanted: "running", cuttingOver: false, status: "synchronizing", failed: false },
  ...{ checking: false, running: true, ended: false, cutover: "none", ...facts },
});

const states: readonly [string, TaskFacts, readonly TaskAction[]][] = [
  ["that was created", task({ wanted: "created", status: "pending", running: false }), ["start", "delete"]],
  ["that is paused", task({ wanted: "paused", status: "paused", running: false }), ["resume", "delete"]],
  ["that is being paused", task({ wanted: "paused" }), ["resume", "delete"]],
  ["that is live", task({}), ["pause", "resync", "stop"]],
  ["in its initial sync", task({ status: "initial-sync" }), ["pause", "resync"]],
  ["whose start is checked", task({ status: "prechecking", checking: true }), ["pause"]],
  ["of which a shard has failed", task({ status: "failed", ended: true }), ["start", "pause", "resync"]],
  [
    "whose checks stood against it",
    task({ status: "failed", failed: true, running: false }),
    ["start", "pause", "delete"],
  ],
  ["that failed and is being stopped", task({ status: "failed", failed: true }), ["start", "pause"]],
  ["in its cutover", task({ wanted: "finished", cuttingOver: true }), []],
  ["that is live, with a cutover under way", task({ cutover: "under way" }), ["pause", "resync"]],
  ["that its cutover has brought to rest", task({ wanted: "paused", cutover: "at rest" }), []],
  ["that is finished", task({ wanted: "finished", status: "finished", running: false }), ["delete"]],
];

test.each(states)("of a task %s a page offers what may be done", (_, facts, offered) => {
  expect(actionsOn(facts)).toEqual(offered);
});

test.each(states)("of a task %s all that is not offered is refused, or done already", (_, facts, offered) => {
  const more = actions.filter(
    (action) => !offered.includes(action) && rulingOn(facts, action) === "permitted",
  );
  // To start a paused task is to resume it.
  expect(more).toEqual(facts.wanted === "paused" && facts.cutover === "none" ? ["start"] : []);
});

test("a task is not deleted during its cutover, whose end it may be waiting for", () => {
  expect(rulingOn(task({ wanted: "finished", cuttingOver: true }), "delete")).toEqual({
    remedy: "Its cutover is under way: wait for the end of it.",
  });
});
