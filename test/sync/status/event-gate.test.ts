import { expect, test } from "vitest";
import { EventGate } from "../../../server/sync/status/event-gate.ts";

const flushed = (message = "FLUSHALL was skipped.") =>
  ({ level: "alert", type: "flushall-skipped", message }) as const;

test("tells the first of a minute one by one, and the rest as a count with the last of them", () => {
  let now = Date.UTC(2026, 0, 1, 12, 0, 0);
  const gate = new EventGate(() => now);
  for (let index = 0; index < 100_000; index++) {
    now += index % 10_000 === 0 ? 1000 : 0;
    gate.add(flushed(`number ${index}.`));
  }
  const first = gate.take(false);
  expect(first).toHaveLength(20);
  expect(first[19]).toMatchObject({ message: "number 19." });
  now += 60_000;
  const rest = gate.take(false);
  expect(rest).toHaveLength(1);
  expect(rest[0]?.message).toBe(
    "number 99999. (99,980 more of these from 12:00:01 to 12:00:10; this is the last.)",
  );
  gate.add(flushed());
  expect(gate.take(false)).toHaveLength(1);
});

test("holds all types of a minute to a bound", () => {
  const gate = new EventGate(() => 0);
  for (let type = 0; type < 50; type++) {
    for (let count = 0; count < 10; count++) gate.add({ level: "info", type: `type-${type}`, message: "." });
  }
  expect(gate.take(false)).toHaveLength(100);
  expect(gate.take(true)).toHaveLength(40);
});

test("goes on when the clock is set back", () => {
  let now = 1_000_000;
  const gate = new EventGate(() => now);
  for (let count = 0; count < 30; count++) gate.add(flushed());
  now = 0;
  expect(gate.take(false)).toHaveLength(21);
});
