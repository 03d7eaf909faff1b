import { expect, test } from "vitest";
import { SilenceWatch, type Traffic } from "../../../server/sync/destination/silence-watch.ts";

const nothing: Traffic = { unanswered: 0, bytesRead: 0, bytesAccepted: 0, bytesWaiting: 0 };

/** Looks once a second; @returns the silence at the end, ms. */
function silenceAfter(...looks: readonly Partial<Traffic>[]): number {
  const watch = new SilenceWatch(1_000, 0);
  let silence = 0;
  looks.forEach((traffic, index) => {
    silence = watch.look({ ...nothing, ...traffic }, (index + 1) * 1_000);
  });
  return silence;
}

test("counts while an answer is owed and nothing moves", () => {
  expect(silenceAfter({ unanswered: 1 }, { unanswered: 1 }, { unanswered: 5 })).toBe(2_000);
});

test("does not count while nothing is owed, however long", () => {
  expect(silenceAfter({}, {}, {}, {}, { unanswered: 1 })).toBe(0);
});

test("begins anew with each byte that is answered", () => {
  expect(silenceAfter({ unanswered: 3 }, { unanswered: 3 }, { unanswered: 2, bytesRead: 5 })).toBe(0);
});

test("takes a command that is on its way, as slowly as may be, for no silence", () => {
  const waiting = { unanswered: 1, bytesWaiting: 900 };
  expect(silenceAfter(waiting, { ...waiting, bytesAccepted: 1 }, { ...waiting, bytesAccepted: 2 })).toBe(0);
});

test("takes no comfort from a kernel that fills its own buffer", () => {
  const owed = { unanswered: 1 };
  expect(silenceAfter(owed, { ...owed, bytesAccepted: 10 }, { ...owed, bytesAccepted: 20 })).toBe(2_000);
});

test("notices a peer that stops taking a command in its midst", () => {
  expect(silenceAfter({ bytesWaiting: 9 }, { bytesWaiting: 9 }, { bytesWaiting: 9 })).toBe(2_000);
});

test("does not count the time for which this process was suspended", () => {
  const watch = new SilenceWatch(1_000, 0);
  watch.look({ ...nothing, unanswered: 1 }, 1_000);
  expect(watch.look({ ...nothing, unanswered: 1 }, 100_000)).toBe(2_000);
});
