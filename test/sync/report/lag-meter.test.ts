import { expect, test } from "vitest";
import { LagMeter } from "../../../server/sync/report/lag-meter.ts";

function meterAt(start: number) {
  const clock = { now: start };
  return { clock, meter: new LagMeter(() => clock.now) };
}

test("says nothing before it has been measured", () => {
  const { meter } = meterAt(1_000_000);
  expect(meter.read()).toEqual({
    bytes: null,
    seconds: null,
    secondsUnknownBecause: "no heartbeat has come through yet",
  });
  meter.sourceAt(100n);
  expect(meter.read().bytes).toBeNull();
});

test("bytes are unknown while the source's offset is, and 0 only when all is applied", () => {
  const { meter } = meterAt(1_000_000);
  meter.applied(100n, -1);
  expect(meter.read().bytes).toBeNull();
  meter.sourceAt(150n);
  expect(meter.read().bytes).toBe(50);
  meter.applied(150n, -1);
  expect(meter.read().bytes).toBe(0);
  // The source's INFO may be older than what has been applied.
  meter.applied(170n, -1);
  expect(meter.read().bytes).toBe(0);
  meter.sourceAt(120n);
  expect(meter.read().bytes).toBe(0);
});

test("seconds are the age of a heartbeat at the moment at which it was applied", () => {
  const { clock, meter } = meterAt(1_000_000);
  meter.applied(1n, 999_700);
  expect(meter.read()).toMatchObject({ seconds: 0.3, secondsUnknownBecause: null });
  clock.now += 1_000;
  expect(meter.read().seconds).toBe(0.3);
  meter.applied(2n, -1);
  expect(meter.read().seconds).toBe(0.3);
  meter.applied(3n, 1_000_900);
  expect(meter.read().seconds).toBe(0.1);
});

test("seconds grow when no heartbeat comes any more", () => {
  const { clock, meter } = meterAt(1_000_000);
  meter.applied(1n, 999_950);
  clock.now += 10_000;
  expect(meter.read().seconds).toBeGreaterThan(8);
  clock.now += 10_000;
  expect(meter.read().seconds).toBeGreaterThan(18);
});

test("a source's clock that runs ahead gives 0, not less", () => {
  const { meter } = meterAt(1_000_000);
  meter.applied(1n, 1_000_500);
  expect(meter.read().seconds).toBe(0);
});

test("seconds are unknown, with the reason, where no heartbeat can be written", () => {
  const { meter } = meterAt(1_000_000);
  meter.applied(1n, 999_900);
  meter.setProblem("the shard is read-only");
  expect(meter.read()).toMatchObject({ seconds: null, secondsUnknownBecause: "the shard is read-only" });
  meter.setProblem(null);
  expect(meter.read().seconds).toBe(0.1);
});

test("a stream that begins anew is unknown again", () => {
  const { meter } = meterAt(1_000_000);
  meter.sourceAt(500n);
  meter.applied(500n, 999_900);
  meter.reset();
  expect(meter.read()).toMatchObject({ bytes: null, seconds: null });
  expect(meter.appliedOffset).toBeNull();
});
