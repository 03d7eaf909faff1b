import { expect, test } from "vitest";
import { StreamClock } from "../../../server/sync/expiry/stream-clock.ts";

/** A clock of a stream that has caught up, and the engine's, which is moved by hand. */
function caughtUp(heartbeats: boolean) {
  let now = 1_700_000_000_000;
  const clock = new StreamClock(() => now);
  clock.setHeartbeats(heartbeats);
  clock.startsAt(now);
  clock.linked();
  const pass = (ms: number) => {
    now += ms;
    clock.inputDrained();
  };
  pass(2000);
  return { clock, pass, now: () => now };
}

test("without heartbeats a stream is the present while its link stands", () => {
  const { clock, pass } = caughtUp(false);
  expect(clock.live).toBe(true);
  pass(60_000);
  expect(clock.live).toBe(true);
});

test("without heartbeats a stream falls behind while its link is away, and until what was written meanwhile is read", () => {
  const { clock, pass } = caughtUp(false);
  clock.interrupted();
  pass(5000);
  expect(clock.behindMs).toBe(5000);
  clock.linked();
  pass(500);
  expect(clock.live).toBe(false);
  pass(600);
  expect(clock.live).toBe(true);
});

test("with heartbeats only a fresh one says that the stream has caught up", () => {
  const { clock, pass, now } = caughtUp(true);
  expect(clock.live).toBe(false);
  clock.heartbeatSeen(now() - 3000);
  expect(clock.behindMs).toBe(3000);
  clock.bytesReceived();
  clock.heartbeatSeen(now() - 100);
  pass(900);
  expect(clock.live).toBe(true);
  pass(3000);
  expect(clock.live).toBe(false);
});
