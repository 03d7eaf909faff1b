import { expect, test } from "vitest";
import { addMs, parseExpiryTime } from "../../server/redis/expiry-time.ts";

test.each([
  ["0", 1, 0],
  ["-5", 1, -5],
  ["1700000000", 1000, 1_700_000_000_000],
  ["9007199254740991", 1, 2 ** 53 - 1],
  ["9007199254740993", 1, 2n ** 53n + 1n],
  ["9223372036854775807", 1, 2n ** 63n - 1n],
  ["9223372036854775808", 1, null],
  ["9223372036854775807", 1000, null],
  ["-9223372036854775808", 1, -(2n ** 63n)],
  ["1e5", 1, null],
  ["", 1, null],
] as const)("reads %j, times %d, as 64 bits", (text, unit, time) => {
  expect(parseExpiryTime(text, unit)).toBe(time);
});

test("adds exactly, and stays within 64 bits", () => {
  expect(addMs(5, -7)).toBe(-2);
  expect(addMs(2 ** 53 - 1, 2)).toBe(2n ** 53n + 1n);
  expect(addMs(2n ** 53n + 1n, -2)).toBe(2 ** 53 - 1);
  expect(addMs(2n ** 63n - 1n, 1000)).toBe(2n ** 63n - 1n);
});
