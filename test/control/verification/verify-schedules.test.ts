import { expect, test } from "vitest";
import type { VerifyOrder } from "../../../server/control/verification/verify-order.ts";
import { nextTimes } from "../../../server/control/verification/verify-schedule.ts";
import { VerifySchedules } from "../../../server/control/verification/verify-schedules.ts";
import { openTestControl, twoShards } from "../harness/open-test-control.ts";

const order: VerifyOrder = {
  ...{ depth: "full", sample: 100, prefix: null, shardId: null },
  ...{ keysPerSecond: 1000, bytesPerSecond: null },
};
const daily = { enabled: true, cron: "30 4 * * *", timeZone: "Europe/Berlin", order };
const at = (text: string) => new Date(text).getTime();

async function world(now: string) {
  const open = openTestControl();
  const { id } = await open.control.create(twoShards, { start: false, skipChecks: true });
  const clock = { now: at(now) };
  const started: string[] = [];
  const state: { hindrance: string | null; refuses: boolean } = { hindrance: null, refuses: false };
  /** As after a restart: it knows what the database knows. */
  const begun = () =>
    new VerifySchedules({
      db: open.database,
      now: () => clock.now,
      hindrance: () => state.hindrance,
      start: (taskId, wanted) => {
        if (state.refuses) throw new Error("the key of the passwords is gone");
        expect([taskId, wanted]).toEqual([id, order]);
        started.push(new Date(clock.now).toISOString());
      },
      onFailure: (error) => {
        throw error;
      },
    });
  const schedules = begun();
  const lookAt = (text: string, by = schedules) => {
    clock.now = at(text);
    by.look();
  };
  return { ...open, id, schedules, begun, lookAt, started, state };
}

test("begins a run when it is due, once, in the time zone of the schedule", async () => {
  const { schedules, id, lookAt, started } = await world("2026-07-01T00:00:00Z");
  schedules.set(id, daily);
  lookAt("2026-07-01T02:29:59Z");
  expect(started).toEqual([]);
  lookAt("2026-07-01T02:30:03Z");
  lookAt("2026-07-01T02:30:08Z");
  expect(started).toEqual(["2026-07-01T02:30:03.000Z"]);
  expect(schedules.get(id)!.next.map((time) => new Date(time).toISOString())).toEqual([
    "2026-07-02T02:30:00.000Z",
    "2026-07-03T02:30:00.000Z",
    "2026-07-04T02:30:00.000Z",
  ]);
});

test("keeps to the clock of its time zone when that is put forward or back", () => {
  const after = (text: string, cron: string) =>
    nextTimes({ cron, timeZone: "Europe/Berlin" }, at(text), 3).map((time) => new Date(time).toISOString());
  expect(after("2026-03-28T00:00:00Z", "30 4 * * *")).toEqual([
    "2026-03-28T03:30:00.000Z",
    "2026-03-29T02:30:00.000Z",
    "2026-03-30T02:30:00.000Z",
  ]);
  // 02:30 is there twice on that day.
  expect(after("2026-10-24T00:00:00Z", "30 2 * * *")).toHaveLength(3);
  expect(new Set(after("2026-10-24T00:00:00Z", "30 2 * * *").map((time) => time.slice(0, 10))).size).toBe(3);
});

test("makes up for one of the runs that came due while Tributary was away", async () => {
  const { schedules, begun, id, lookAt, started } = await world("2026-07-01T00:00:00Z");
  schedules.set(id, daily);
  const restarted = begun();
  lookAt("2026-07-09T12:00:00Z", restarted);
  lookAt("2026-07-09T12:00:05Z", restarted);
  expect(started).toEqual(["2026-07-09T12:00:00.000Z"]);
  lookAt("2026-07-10T02:30:00Z", restarted);
  expect(started).toHaveLength(2);
});

test("puts no run on top of another, and says so", async () => {
  const { schedules, id, lookAt, started, state } = await world("2026-07-01T00:00:00Z");
  schedules.set(id, { ...daily, cron: "0 * * * *" });
  state.hindrance = "The run before it had not ended.";
  lookAt("2026-07-01T01:00:02Z");
  expect(started).toEqual([]);
  expect(schedules.get(id)!.passedOver).toEqual({
    at: at("2026-07-01T01:00:00Z"),
    because: "The run before it had not ended.",
  });
  state.hindrance = null;
  // It is not made up for: the next one is due in time.
  lookAt("2026-07-01T01:30:00Z");
  expect(started).toEqual([]);
  lookAt("2026-07-01T02:00:00Z");
  expect(started).toHaveLength(1);
});

test("goes on after a run that could not be begun", async () => {
  const { schedules, id, lookAt, started, state } = await world("2026-07-01T00:00:00Z");
  schedules.set(id, { ...daily, cron: "0 * * * *" });
  state.refuses = true;
  lookAt("2026-07-01T01:00:00Z");
  expect(schedules.get(id)!.passedOver?.because).toMatch(/gone|unforeseen|log/i);
  state.refuses = false;
  lookAt("2026-07-01T02:00:00Z");
  expect(started).toHaveLength(1);
});

test("begins nothing while it is switched off, and nothing after it was removed", async () => {
  const { schedules, id, lookAt, started } = await world("2026-07-01T00:00:00Z");
  schedules.set(id, { ...daily, enabled: false });
  expect(schedules.get(id)).toMatchObject({ enabled: false, next: [] });
  lookAt("2026-07-03T12:00:00Z");
  schedules.set(id, daily);
  schedules.remove(id);
  lookAt("2026-07-09T12:00:00Z");
  expect(started).toEqual([]);
  expect(schedules.get(id)).toBeNull();
});

test.each([
  ["61 * * * *", "UTC", /cron expression/],
  ["* * * * * *", "UTC", /five fields/],
  ["@daily", "UTC", /five fields/],
  ["0 0 30 2 *", "UTC", /no such day comes/],
  ["0 0 * * *", "Mars/Olympus", /Mars\/Olympus is no time zone/],
])("refuses the expression %j in %s", async (cron, timeZone, said) => {
  const { control, id } = await world("2026-07-01T00:00:00Z");
  expect(() => control.setVerifySchedule(id, { ...daily, cron, timeZone })).toThrow(said);
  expect(control.verifySchedule(id)).toBeNull();
});

test("refuses a schedule for a shard that is none of the task's", async () => {
  const { control, id } = await world("2026-07-01T00:00:00Z");
  const other = { ...daily, order: { ...order, shardId: "gone" } };
  expect(() => control.setVerifySchedule(id, other)).toThrow(/no shard/i);
});
