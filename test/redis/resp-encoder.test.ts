import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decimalDigits, HEAD_BYTES, putBulk, putHead, putInteger } from "../../server/redis/resp-encoder.ts";
import { checkProperty } from "../sync/harness/check-property.ts";

const count = fc.oneof(
  fc.integer({ min: 0, max: 2_000 }),
  fc.maxSafeNat(),
  fc.nat({ max: 15 }).map((exponent) => 10 ** exponent),
  fc.nat({ max: 15 }).map((exponent) => 10 ** exponent - 1),
);

test("writes every integer below 2^53 in decimal", () => {
  checkProperty(
    fc.property(count, fc.nat({ max: 40 }), (number, at) => {
      const into = Buffer.alloc(100, 0x7e);
      const end = putInteger(into, at, number);
      expect(into.toString("latin1", at, end)).toBe(String(number));
      expect(decimalDigits(number)).toBe(String(number).length);
      expect([...into.subarray(0, at), ...into.subarray(end)].every((byte) => byte === 0x7e)).toBe(true);
    }),
    1000,
  );
});

test("writes a head in at most the bytes that it says", () => {
  checkProperty(
    fc.property(count, (number) => {
      const into = Buffer.alloc(HEAD_BYTES);
      expect(into.toString("latin1", 0, putHead(into, 0, 36, number))).toBe(`$${number}\r\n`);
    }),
  );
});

test("writes a bulk string of any slice, short and long", () => {
  checkProperty(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(), fc.nat(), (bytes, a, b) => {
      const [start, end] = [a % (bytes.length + 1), b % (bytes.length + 1)].sort((x, y) => x - y) as [
        number,
        number,
      ];
      const into = Buffer.alloc(bytes.length + 2 * HEAD_BYTES);
      const stop = putBulk(into, 3, bytes, start, end);
      const wanted = Buffer.concat([
        Buffer.from(`$${end - start}\r\n`),
        bytes.subarray(start, end),
        Buffer.from("\r\n"),
      ]);
      expect(into.subarray(3, stop)).toEqual(wanted);
    }),
  );
});
