import { expect, test } from "vitest";
import { verifyExitCode } from "../../server/cli/verify-exit-code.ts";

const different = { outcome: "different", differences: 2, counts: { value: 2 } } as const;
const became = (...outcomes: ("copied" | "deleted" | "differs" | "noted" | "busy")[]) =>
  outcomes.map((outcome) => ({ outcome }));

test("exits with the verdict where nothing was repaired", () => {
  expect(verifyExitCode({ outcome: "equal", differences: 0, counts: {} }, null)).toBe(0);
  expect(verifyExitCode(different, null)).toBe(1);
  expect(verifyExitCode({ outcome: "unknown", differences: 0, counts: { unsettled: 1 } }, null)).toBe(2);
});

test("exits with 0 once every difference was repaired", () =>
  expect(verifyExitCode(different, became("copied", "deleted"))).toBe(0));

test("exits with 1 while a difference was not chosen, or outlived its repair", () => {
  expect(verifyExitCode(different, became("copied"))).toBe(1);
  expect(verifyExitCode(different, became("copied", "differs"))).toBe(1);
});

test("a known difference outweighs a key that still waits", () =>
  expect(verifyExitCode(different, became("noted", "differs"))).toBe(1));

test("exits with 2 while a repaired key waits to be copied", () =>
  expect(verifyExitCode(different, became("copied", "noted"))).toBe(2));

test("exits with 2 where all was repaired and another key could not be told", () => {
  const untold = { ...different, counts: { value: 2, unsettled: 3 } };
  expect(verifyExitCode(untold, became("copied", "copied"))).toBe(2);
});
