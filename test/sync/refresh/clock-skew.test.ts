import type { Redis } from "ioredis";
import { expect, test } from "vitest";
import { HeldBackExpiries } from "../../../server/sync/expiry/held-back-expiries.ts";
import { LazyExpiryTrigger } from "../../../server/sync/expiry/lazy-expiry-trigger.ts";
import { StreamClock } from "../../../server/sync/expiry/stream-clock.ts";
import { ClockComparison } from "../../../server/sync/refresh/clock-skew.ts";

const NOW = 1_700_000_000_000;

/** A server whose clock is ahead of NOW by so many ms. */
function serverAhead(ms: number): Redis {
  const time = async () => [String(Math.floor((NOW + ms) / 1000)), String(((NOW + ms) % 1000) * 1000)];
  return { time } as unknown as Redis;
}

async function compare(source: number, destination: number) {
  const clock = new StreamClock(() => NOW);
  clock.startsAt(NOW);
  const said: string[] = [];
  const comparison = new ClockComparison(
    clock,
    () => NOW,
    (message) => said.push(message),
  );
  await comparison.compare(serverAhead(source), serverAhead(destination));
  await comparison.compare(serverAhead(source), serverAhead(destination));
  return { clock, said };
}

test("a difference of more than a second is told once, whichever clock is ahead", async () => {
  expect((await compare(0, 900)).said).toEqual([]);
  expect((await compare(0, 5500)).said).toEqual([expect.stringContaining("5.5 s ahead of the shard's")]);
  expect((await compare(2000, -1000)).said).toEqual([expect.stringContaining("3.0 s behind the shard's")]);
});

test("an expiry that a fast clock of the destination would let pass too early is held back", async () => {
  const { clock } = await compare(0, 60_000);
  const heldBack = new HeldBackExpiries(0, clock, new LazyExpiryTrigger(() => NOW), () => NOW);
  const key = Buffer.from("k");
  expect(heldBack.inStream(0, 0, key, NOW + 61_000)).toBe(NOW + 61_000 + 2 ** 52);
  expect(heldBack.inStream(0, 0, key, NOW + 63_000)).toBe(NOW + 63_000);
});

test("relative expiries count by the source's clock", async () => {
  const { clock } = await compare(7000, 0);
  expect(clock.sourceTime).toBe(NOW + 7000);
});
