import { expect, test } from "vitest";
import {
  type CutoverMove,
  type CutoverStep,
  cutoverSteps,
  isAtRest,
  isOver,
  movesOf,
  stepAfter,
} from "../../../server/control/tasks/cutover-state.ts";

const moves: readonly CutoverMove[] = ["proceed", "back", "leave", "rested", "not-rested", "removed"];

test("has these transitions, and no other", () => {
  const table = cutoverSteps.flatMap((step) =>
    moves.flatMap((move) => {
      const to = stepAfter(step, move);
      return to === null ? [] : [`${step} ${move} → ${to}`];
    }),
  );
  expect(table).toEqual([
    "gates proceed → stop-writes",
    "gates leave → left",
    "stop-writes proceed → drain",
    "stop-writes back → gates",
    "stop-writes leave → left",
    "drain proceed → verify",
    "drain back → stop-writes",
    "drain leave → left",
    "verify proceed → settle",
    "verify back → stop-writes",
    "verify leave → left",
    "settle back → stop-writes",
    "settle rested → switch",
    "settle not-rested → verify",
    "switch proceed → finish",
    "switch back → stop-writes",
    "finish removed → finished",
  ]);
});

test("has a way back, or out, at every step but the last", () => {
  for (const step of cutoverSteps) {
    const ways = movesOf(step).filter((move) => move !== "proceed");
    expect(ways.length > 0, step).toBe(!isOver(step) && step !== "finish");
  }
});

test("comes from every step to the end, and never back from where Tributary's keys may be gone", () => {
  const reached = (from: CutoverStep) => {
    const seen = new Set<CutoverStep>([from]);
    for (const step of seen)
      for (const move of moves) {
        const to = stepAfter(step, move);
        if (to !== null) seen.add(to);
      }
    return seen;
  };
  for (const step of cutoverSteps) if (step !== "left") expect(reached(step), step).toContain("finished");
  expect([...reached("finish")]).toEqual(["finish", "finished"]);
  expect(cutoverSteps.filter(isAtRest)).toEqual(["settle", "switch", "finish"]);
});
