import { expect, test } from "vitest";
import { reasonOf, TributaryError } from "../../../server/errors/tributary-error.ts";
import { until } from "../../servers/index.ts";
import { checksOf, openTestControl, type TestControl, twoShards } from "../harness/open-test-control.ts";

const flags = { start: true, skipChecks: false };
const again = reasonOf("WORKER_DIED_AGAIN", { role: "shard a", detail: "no memory", count: 5 });
const once = reasonOf("WORKER_DIED", { role: "shard a", detail: "no memory" });

const specOf = ({ runner }: TestControl, shardId: string) => runner.specs.get(shardId)!;

async function running(test: TestControl): Promise<string> {
  const { id } = await test.control.create(twoShards, flags);
  await until(() => test.runner.specs.size === 2, { what: "both shard syncs run" });
  test.runner.reportAll("synchronizing");
  return id;
}

test("a shard by which its worker dies again and again is failed, and the others of its task go on", async () => {
  const poisoned = openTestControl();
  const id = await running(poisoned);
  const { control, runner } = poisoned;
  runner.die(specOf(poisoned, "a"), once, false);
  expect(control.task(id).shards.map(({ status }) => status)).toEqual(["retrying", "synchronizing"]);
  runner.die(specOf(poisoned, "a"), again, true);
  expect(control.task(id).shards.map(({ status }) => status)).toEqual(["failed", "synchronizing"]);
  expect(control.row(id)).toMatchObject({ status: "failed", reason: { code: "WORKER_DIED_AGAIN" } });
  expect(control.task(id).events[0]).toMatchObject({ type: "worker-given-up", level: "alert" });
  expect(runner.log).not.toContain("stop b");
});

test("it is not started by itself after a restart, can be paused, and is started by the user", async () => {
  const poisoned = openTestControl();
  const id = await running(poisoned);
  poisoned.runner.die(specOf(poisoned, "a"), again, true);
  await poisoned.close();

  const next = openTestControl({ directory: poisoned.directory });
  await until(() => next.runner.specs.has("b"), { what: "the other runs again" });
  expect(next.runner.log).toEqual(["start b"]);
  expect(next.control.row(id).status).toBe("failed");
  next.control.pause(id);
  await until(() => next.control.row(id).status === "paused", { what: "it is paused" });
  next.control.resume(id);
  await until(() => next.runner.specs.size === 2, { what: "both run" });
  await next.close();

  const last = openTestControl({ directory: poisoned.directory });
  await until(() => last.runner.specs.size === 2, { what: "both run again by themselves" });
});

test("a task whose checks have ended their thread is not checked again by itself, also after a restart", async () => {
  let checks = 0;
  const runPrechecks = async () => {
    checks++;
    throw new TributaryError("CHECK_DIED", { detail: "no memory" });
  };
  const poisoned = openTestControl({ runPrechecks });
  const { id } = await poisoned.control.create(twoShards, { start: true, skipChecks: true });
  await until(() => poisoned.control.row(id).status === "failed", { what: "the check has failed" });
  expect(poisoned.control.row(id).reason).toMatchObject({ code: "CHECK_DIED", retried: false });
  await poisoned.close();

  const next = openTestControl({ directory: poisoned.directory, runPrechecks });
  expect(next.control.row(id)).toMatchObject({ status: "failed", reason: { code: "CHECK_DIED" } });
  await next.close();
  expect(checks).toBe(1);
  const last = openTestControl({ directory: poisoned.directory, runPrechecks: async () => checksOf() });
  last.control.start(id);
  await until(() => last.runner.specs.size === 2, { what: "it runs when the user starts it" });
});
