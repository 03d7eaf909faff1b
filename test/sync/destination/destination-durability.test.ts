import { expect, test } from "vitest";
import { DestinationDurability } from "../../../server/sync/destination/destination-durability.ts";
import type { DestinationPersistence } from "../../../server/sync/destination/destination-persistence.ts";

const volatile: DestinationPersistence = {
  runId: "a",
  aof: false,
  saves: false,
  lastSave: "1",
  lastSaveTook: -1,
  savingFor: null,
  replicas: 0,
};

/** A stream of 100 bytes a second, each second of which is applied and answered, and INFO every five seconds. */
function streaming() {
  let now = 0;
  let kept = 0;
  const durability = new DestinationDurability(() => now, 15_000);
  durability.continuesAt(0, volatile);
  const run = (seconds: number, says: Partial<DestinationPersistence>, start = 0) => {
    for (let second = 0; second < seconds; second++) {
      now += 1_000;
      if (now % 5_000 === 0) durability.observed({ ...volatile, ...says }, now);
      kept = durability.applied(now / 10, start);
    }
    return { kept, keptSeconds: (now / 10 - kept) / 100 };
  };
  return { durability, run, to: (position: number) => durability.continuesAt(position, volatile) };
}

test("keeps nothing for a destination that keeps nothing itself", () => {
  const { run } = streaming();
  run(5, {});
  expect(run(60, {}).keptSeconds).toBe(0);
});

test("keeps the last seconds while it is not known how the destination keeps its data", () => {
  expect(streaming().run(4, {}).kept).toBe(0);
  const { run, durability } = streaming();
  run(20, {});
  durability.observed(null, 20_000);
  expect(run(1, {}).keptSeconds).toBeGreaterThanOrEqual(15);
});

test.each([{ aof: true }, { replicas: 1 }, { saves: true }, { saves: null }])(
  "keeps the last seconds, and no more, for a destination with %o",
  (says) => {
    const { keptSeconds } = streaming().run(200, says);
    expect(keptSeconds).toBeGreaterThanOrEqual(15);
    expect(keptSeconds).toBeLessThanOrEqual(18);
  },
);

test("keeps all since the last save began, from when it began on", () => {
  const { run } = streaming();
  run(100, { saves: true });
  // It begins at 105 s, is seen while it runs, and then seen to have ended.
  for (let savingFor = 0; savingFor < 40; savingFor += 5) {
    expect(run(5, { saves: true, savingFor }).kept).toBeLessThanOrEqual(10_500);
  }
  run(5, { saves: true, lastSave: "2", lastSaveTook: 36 });
  const { kept } = run(1_000, { saves: true, lastSave: "2", lastSaveTook: 36 });
  expect(kept).toBeLessThanOrEqual(10_500);
  expect(kept).toBeGreaterThan(9_500);
  // The next save takes its place.
  const next = run(20, { saves: true, lastSave: "3", lastSaveTook: 0 });
  expect(next.keptSeconds).toBeGreaterThanOrEqual(20);
  expect(next.keptSeconds).toBeLessThanOrEqual(35);
});

test("does not count on a save while the destination has an AOF, which is what it loads", () => {
  const { run } = streaming();
  run(100, { aof: true });
  run(5, { aof: true, lastSave: "2" });
  expect(run(200, { aof: true, lastSave: "2" }).keptSeconds).toBeLessThanOrEqual(18);
});

test("does not take a restart of the destination for a save", () => {
  const { run } = streaming();
  run(100, { saves: true });
  run(5, { saves: true, lastSave: "2" });
  const { kept } = run(100, { saves: true, lastSave: "2" });
  run(5, { saves: true, runId: "b", lastSave: "2b" });
  expect(run(100, { saves: true, runId: "b", lastSave: "2b" }).kept).toBe(kept);
});

test("gives up what lies so far back that it is no longer held, and does not keep the rest for it", () => {
  const { run } = streaming();
  run(100, { saves: true });
  run(10, { saves: true, lastSave: "2" });
  const { keptSeconds } = run(300, { saves: true, lastSave: "2" }, 15_000);
  expect(keptSeconds).toBeLessThanOrEqual(18);
});

test("what was ahead of a destination that went back counts no more", () => {
  const { run, to } = streaming();
  run(100, { aof: true });
  to(9_000);
  expect(run(1, { aof: true }).kept).toBeLessThanOrEqual(9_000);
});

test("holds for more than an hour of history", () => {
  const { run } = streaming();
  run(10_000, { saves: true });
  const { keptSeconds } = run(10_000, { saves: true });
  expect(keptSeconds).toBeLessThanOrEqual(18);
  run(5, { saves: true, lastSave: "2", lastSaveTook: 20_000 });
  // A save from before all that is remembered: everything is kept.
  expect(run(5, { saves: true, lastSave: "2", lastSaveTook: 20_000 }).kept).toBe(0);
});
