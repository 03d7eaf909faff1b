import { expect, test } from "vitest";
import { RepeatedFailures } from "../../../server/sync/retry/repeated-failures.ts";

test("the same failure is waited for longer each time, up to five minutes; another one is not", () => {
  let now = 0;
  const failures = new RepeatedFailures(() => now);
  const waits = Array.from({ length: 12 }, () => {
    const { waitMs } = failures.failed("RDB_CORRUPT");
    now += waitMs + 500;
    return waitMs / 1000;
  });
  expect(waits).toEqual([0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
  expect(failures.failed("RDB_CORRUPT").said).toBe(
    " It has failed so 13 times: the next attempt is in 5 min.",
  );
  expect(failures.failed("SOURCE_PROTOCOL")).toEqual({ waitMs: 0, said: "" });
});

test("a failure that comes again after a long good time is a new one", () => {
  let now = 0;
  const failures = new RepeatedFailures(() => now);
  for (let count = 0; count < 5; count++) failures.failed("RDB_CORRUPT");
  now += 20 * 60_000;
  expect(failures.failed("RDB_CORRUPT").waitMs).toBe(0);
});
