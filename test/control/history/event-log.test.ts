import { describe, expect, it } from "vitest";
import { events } from "../../../db/schema.ts";
import type { ShardEvent } from "../../../server/sync/report/shard-report.ts";
import { temporaryFolder, until } from "../../servers/index.ts";
import { openTestControl, type TestControl, twoShards } from "../harness/open-test-control.ts";

const lost = (port: number): Omit<ShardEvent, "at"> => ({
  level: "warning",
  type: "source-link-lost",
  message: `Shard a at 127.0.0.1:${port} refused the connection.`,
});
const flushed: Omit<ShardEvent, "at"> = {
  level: "alert",
  type: "flushall-skipped",
  message: "FLUSHALL was skipped.",
};

async function running(options: { directory?: string } = {}) {
  const test = openTestControl(options);
  const { id } = await test.control.create(twoShards, { start: true, skipChecks: true });
  await until(() => test.runner.specs.size === 2, { what: "it runs" });
  return { ...test, id };
}

function tell(
  test: TestControl & { id: string },
  shardId: string,
  ...told: (Omit<ShardEvent, "at"> & { at: number })[]
) {
  test.runner.report(test.runner.specs.get(shardId)!, "retrying", { events: told });
}

describe("events that repeat", () => {
  it("are one, with a count, the first time and the last, whatever other shards say in between", async () => {
    const test = await running();
    for (let at = 1; at <= 300; at++)
      for (const shard of ["a", "b"]) tell(test, shard, { ...lost(7000 + (at % 3)), at: at * 1000 });
    const repeated = test.control.task(test.id).events.filter(({ type }) => type === "source-link-lost");
    expect(repeated.map(({ shardId, count, firstAt, at }) => [shardId, count, firstAt, at])).toEqual([
      ["b", 300, 1_000, 300_000],
      ["a", 300, 1_000, 300_000],
    ]);
    expect(test.control.events(test.id, null, 100).filter(({ type }) => type === "source-link-lost")).toEqual(
      repeated,
    );
    expect(test.database.select().from(events).all().length).toBeLessThan(10);
  });

  it("are another matter after an hour, and of another shard, level or sentence", async () => {
    const test = await running();
    tell(test, "a", { ...lost(1), at: 1 }, { ...lost(1), at: 3_600_002 });
    tell(test, "a", { ...lost(1), at: 3_600_003, message: "Shard a wants a password." });
    tell(test, "b", { ...lost(1), at: 3_600_004 });
    const told = test.control.task(test.id).events.filter(({ type }) => type === "source-link-lost");
    expect(told.map(({ count }) => count)).toEqual([1, 1, 1, 1]);
  });

  it("make no flood, although each has a sentence of its own", async () => {
    const test = await running();
    const word = (n: number) => n.toString(2).replace(/0/g, "x").replace(/1/g, "y");
    for (let at = 1; at <= 500; at++) tell(test, "a", { ...lost(1), at, message: `It says ${word(at)}.` });
    const told = test.control.events(test.id, null, 100).filter(({ type }) => type === "source-link-lost");
    expect(told.length).toBeLessThanOrEqual(21);
    expect(told.reduce((sum, { count }) => sum + count, 0)).toBe(500);
  });

  it("are alerts each for itself where they name another key", async () => {
    const test = await running();
    for (const key of ["user:1", "user:2"])
      tell(test, "a", {
        level: "alert",
        type: "doubtful-key-lost",
        at: 1,
        message: `Key ${key} may have expired.`,
      });
    expect(test.control.task(test.id).alerts.map(({ message }) => message)).toEqual([
      "Key user:2 may have expired.",
      "Key user:1 may have expired.",
    ]);
  });

  it("go on with their count after a restart", async () => {
    const directory = temporaryFolder();
    const first = await running({ directory });
    tell(first, "a", { ...lost(1), at: 1 }, { ...lost(1), at: 2 });
    await first.close();
    const test = { ...openTestControl({ directory }), id: first.id };
    await until(() => test.runner.specs.size === 2, { what: "it runs again" });
    tell(test, "a", { ...lost(1), at: 3 });
    const [event] = test.control.task(test.id).events;
    expect(event).toMatchObject({ type: "source-link-lost", count: 3, firstAt: 1, at: 3 });
  });
});

describe("an alert", () => {
  it("stays in front until it is marked as seen, however much comes after it, and through a restart", async () => {
    const directory = temporaryFolder();
    const first = await running({ directory });
    tell(first, "b", { ...flushed, at: 1 });
    for (let at = 2; at <= 100; at++)
      tell(first, "a", { level: "warning", type: `kind-${at}`, message: "Something else.", at });
    const view = first.control.task(first.id);
    expect(view.events.some(({ type }) => type === flushed.type)).toBe(false);
    expect(view.alerts).toMatchObject([{ type: flushed.type, shardId: "b" }]);
    expect(view.unseenAlerts).toBe(1);
    expect(first.control.shard(first.id, "b").alerts).toHaveLength(1);
    expect(first.control.shard(first.id, "a").alerts).toEqual([]);
    await first.close();

    const { control } = openTestControl({ directory });
    const [alert] = control.task(first.id).alerts;
    expect(alert).toMatchObject({ type: flushed.type, message: flushed.message });
    control.seeAlerts(first.id, "a", alert!.id);
    control.seeAlerts(first.id, null, alert!.id - 1);
    expect(control.task(first.id).alerts).toHaveLength(1);
    control.seeAlerts(first.id, "b", alert!.id);
    expect(control.task(first.id)).toMatchObject({ alerts: [], unseenAlerts: 0 });
  });

  it("that happens again after it was seen is to be seen again", async () => {
    const test = await running();
    tell(test, "a", { ...flushed, at: 1 }, { ...flushed, at: 2 });
    const [alert] = test.control.task(test.id).alerts;
    expect(alert).toMatchObject({ count: 2 });
    test.control.seeAlerts(test.id, null, alert!.id);
    tell(test, "a", { ...flushed, at: 3 });
    expect(test.control.task(test.id).alerts).toMatchObject([{ count: 1, firstAt: 3 }]);
  });
});
