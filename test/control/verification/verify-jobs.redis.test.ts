import { expect, test, vi } from "vitest";
import { startRedis, until } from "../../servers/index.ts";
import { openTestControl } from "../harness/open-test-control.ts";

/** A thread that loads TypeScript takes its time on a machine that has much else to do. */
vi.setConfig({ testTimeout: 180_000 });

async function world() {
  const [shard, destination] = [await startRedis(), await startRedis()];
  await shard.client.mset("a", "1", "b", "2");
  await destination.client.mset("a", "1", "b", "other");
  const open = openTestControl();
  const source = { kind: "shards" as const, shards: [{ name: "s", address: shard.url }] };
  const task = await open.control.create(
    { name: "river", source, destination: { address: destination.url } },
    { start: false, skipChecks: true },
  );
  return { ...open, shard, destination, task };
}

const whole = {
  depth: "full",
  sample: 100,
  prefix: null,
  shardId: null,
  keysPerSecond: null,
  bytesPerSecond: null,
} as const;

test("verifies a task in a thread of its own, and remembers what it came to", async () => {
  const { control, task, destination } = await world();
  expect(control.verifications(task.id)).toEqual({ running: null, runs: [] });
  const begun = control.verify(task.id, whole);
  expect(begun.running).toMatchObject({ phase: "connecting", depth: "full" });
  expect(() => control.verify(task.id, whole)).toThrow(/A verification of river is under way/);
  const ended = (count: number) =>
    until(() => control.verifications(task.id).runs.length === count, {
      what: `${count} runs have ended`,
      timeoutMs: 120_000,
    });
  await ended(1);
  const [row] = control.verifications(task.id).runs;
  expect(row).toMatchObject({ outcome: "different", compared: 2, differences: 1 });
  const every = { differs: null, kind: null, shardId: null, db: null, text: null, page: 1 };
  expect(control.findings(task.id, row!.id, every)).toMatchObject({
    total: 1,
    findings: [{ number: 1, kind: "value", key: { text: "b" }, parts: [{ part: "string" }] }],
  });
  expect(() => control.verification(task.id, 99)).toThrow(/no verification 99/);
  const events = control.events(task.id, null, 10).filter(({ type }) => type === "task-verified");
  expect(events).toMatchObject([{ level: "alert", message: expect.stringMatching(/^1 of 2 differs/) }]);
  await destination.client.set("b", "2");
  control.verify(task.id, { ...whole, prefix: Buffer.from("b").toString("base64") });
  await ended(2);
  expect(control.verifications(task.id).runs[0]).toMatchObject({ outcome: "equal", compared: 1 });
  await destination.stop();
  control.verify(task.id, whole);
  await ended(3);
  expect(control.verifications(task.id).runs[0]).toMatchObject({
    outcome: "failed",
    sentence: expect.stringContaining("refused the connection"),
  });
});

test("pauses, goes on, and is canceled", async () => {
  const { control, task, shard } = await world();
  await shard.client.call("DEBUG", "POPULATE", 20_000);
  control.verify(task.id, { ...whole, depth: "keys", keysPerSecond: 1000 });
  const progress = () => control.verifications(task.id).running;
  await until(() => (progress()?.done ?? 0) > 0, { what: "it has begun", timeoutMs: 60_000 });
  expect(control.pauseVerification(task.id, true).running?.paused).toBe(true);
  expect(control.pauseVerification(task.id, false).running?.paused).toBe(false);
  control.cancelVerification(task.id);
  await until(() => progress() === null, { what: "it has ended" });
  expect(control.verifications(task.id).runs).toMatchObject([{ outcome: "canceled" }]);
});

test("ends the verification of a task that is deleted, and all of them at the end", async () => {
  const { control, task, shard, close, failures } = await world();
  await shard.client.call("DEBUG", "POPULATE", 20_000);
  control.verify(task.id, { ...whole, depth: "keys", keysPerSecond: 1000 });
  await control.delete(task.id);
  expect(() => control.verifications(task.id)).toThrow(/TASK_UNKNOWN|no task/i);
  expect(failures).toEqual([]);
  await close();
});
