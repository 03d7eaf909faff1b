import { expect, test } from "vitest";
import { ByteBudget } from "../../server/verify/byte-budget.ts";
import { Pace } from "../../server/verify/pace.ts";

test("reads no faster than it may, also by limits that were changed meanwhile", async () => {
  const limits = { keysPerSecond: 10_000, bytesPerSecond: Number.POSITIVE_INFINITY };
  const pace = new Pace(limits, () => performance.now(), new AbortController().signal);
  const began = performance.now();
  for (let page = 0; page < 5; page++) await pace.take(500, 0);
  // What was taken last is paid for by whoever comes next.
  expect(performance.now() - began).toBeGreaterThanOrEqual(190);
  limits.keysPerSecond = Number.POSITIVE_INFINITY;
  limits.bytesPerSecond = 1e6;
  const changed = performance.now();
  for (let page = 0; page < 3; page++) await pace.take(500, 50_000);
  expect(performance.now() - changed).toBeGreaterThanOrEqual(90);
});

test("takes nothing while it is paused, and goes on afterwards", async () => {
  const unlimited = { keysPerSecond: Number.POSITIVE_INFINITY, bytesPerSecond: Number.POSITIVE_INFINITY };
  const pace = new Pace(unlimited, () => performance.now(), new AbortController().signal);
  pace.pause();
  let taken = false;
  const taking = pace.take(1, 1).then(() => {
    taken = true;
  });
  await new Promise((wake) => setTimeout(wake, 20));
  expect(taken).toBe(false);
  pace.resume();
  await taking;
  expect(taken).toBe(true);
});

test("lets no more bytes be held than there may be, but one alone whatever it takes", async () => {
  const budget = new ByteBudget(100);
  const order: string[] = [];
  await budget.take(60);
  const large = budget.take(500).then(() => order.push("large"));
  const small = budget.take(10).then(() => order.push("small"));
  await Promise.resolve();
  expect(order).toEqual([]);
  budget.give(60);
  await large;
  expect(order).toEqual(["large"]);
  budget.give(500);
  await small;
  expect(order).toEqual(["large", "small"]);
});
