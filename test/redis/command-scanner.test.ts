import * as fc from "fast-check";
import { expect, test } from "vitest";
import { CommandScanner, NOTED_ARGUMENTS } from "../../server/redis/command-scanner.ts";
import { encodeCommand } from "../../server/redis/encode-command.ts";
import { anyBytes, checkProperty } from "../sync/harness/check-property.ts";

const command = fc.array(anyBytes, { minLength: 1, maxLength: 20 });

test("finds the end and the first arguments of any command, wherever it lies", () => {
  checkProperty(
    fc.property(command, anyBytes, anyBytes, (args, before, after) => {
      const encoded = encodeCommand(args);
      const bytes = Buffer.concat([before, encoded, after]);
      const scanner = new CommandScanner("shard test");
      expect(scanner.scan(bytes, before.length, bytes.length)).toBe(before.length + encoded.length);
      expect([scanner.argc, scanner.seen]).toEqual([args.length, args.length]);
      args.slice(0, NOTED_ARGUMENTS).forEach((arg, index) => {
        expect(bytes.subarray(scanner.starts[index]!, scanner.ends[index]!)).toEqual(arg);
      });
    }),
  );
});

test("says that a command is not whole at every byte before its end, and never more than is missing", () => {
  checkProperty(
    fc.property(command, (args) => {
      const encoded = encodeCommand(args);
      const scanner = new CommandScanner("shard test");
      for (let end = 0; end < encoded.length; end++) {
        expect(scanner.scan(encoded, 0, end)).toBe(-1);
        expect(scanner.missing).toBeLessThanOrEqual(encoded.length - end);
        expect(scanner.seen).toBeLessThan(args.length);
      }
    }),
    50,
  );
});

test("any bytes give a command, the wish for more, or SOURCE_PROTOCOL", () => {
  checkProperty(
    fc.property(fc.array(anyBytes, { maxLength: 8 }), (parts) => {
      const bytes = Buffer.concat(parts);
      const scanner = new CommandScanner("shard test");
      try {
        const stop = scanner.scan(bytes, 0, bytes.length);
        expect(stop === -1 || (stop > 0 && stop <= bytes.length)).toBe(true);
      } catch (error) {
        expect(error).toMatchObject({ code: "SOURCE_PROTOCOL" });
      }
    }),
    1000,
  );
});

test.each([
  ["an inline command", "PING\r\n"],
  ["a reply", "+OK\r\n"],
  ["a newline of the time before the stream", "\n*1\r\n$4\r\nPING\r\n"],
  ["no count", "*\r\n"],
  ["a letter in the count", "*1x\r\n"],
  ["a nil argument", "*1\r\n$-1\r\n"],
  ["an integer argument", "*1\r\n:1\r\n"],
  ["an argument longer than it says", "*1\r\n$3\r\nPING\r\n"],
  ["an argument shorter than it says", "*1\r\n$5\r\nPING\r\n\r\n"],
  ["a length without LF", "*1\r\r$4\r\nPING\r\n"],
  ["an endless length", `*1\r\n$${"0".repeat(100)}`],
  ["a length past what Redis can hold", "*1\r\n$99999999999\r\n"],
  ["a count past what Redis can hold", "*99999999999\r\n"],
])("refuses %s", (_, text) => {
  const bytes = Buffer.from(text);
  expect(() => new CommandScanner("shard test").scan(bytes, 0, bytes.length)).toThrowError(
    expect.objectContaining({ code: "SOURCE_PROTOCOL" }),
  );
});

test.each([
  ["", "PING\r\n"],
  ["*", "x1\r\n"],
  ["*-", "\r\n"],
  ["*1", "x\r\n"],
  ["*1\r", "\r$4\r\nPING\r\n"],
  ["*1\r\n", ":1\r\n"],
  ["*1\r\n$", "\r\n"],
  ["*1\r\n$3\r\nPIN", "G\r\n"],
  ["*1\r\n$3\r\nPIN\r", "G\r\n"],
  ["*1\r\n$999999999", "9\r\n"],
  ["*1\r\n$0000000000", "0\r\n"],
])("names the first wrong byte: after %j", (good, bad) => {
  const bytes = Buffer.from(`*1\r\n$1\r\nx\r\n${good}${bad}`);
  const scanner = new CommandScanner("shard test");
  const start = scanner.scan(bytes, 0, bytes.length);
  expect(() => scanner.scan(bytes, start, bytes.length)).toThrowError(
    expect.objectContaining({ details: expect.objectContaining({ at: good.length }) }),
  );
});

test.each(["*0\r\n", "*-1\r\n", "*-17\r\n"])(
  "takes %j for a command without arguments, as Redis does",
  (text) => {
    const bytes = Buffer.from(`${text}*1\r\n$4\r\nPING\r\n`);
    const scanner = new CommandScanner("shard test");
    expect(scanner.scan(bytes, 0, bytes.length)).toBe(text.length);
    expect(scanner.argc).toBe(0);
    for (let end = 1; end < text.length; end++) expect(scanner.scan(bytes, 0, end)).toBe(-1);
  },
);

test("walks over more arguments than it notes", () => {
  const args = Array.from({ length: 5_000 }, (_, index) => Buffer.from(`argument ${index}`));
  const encoded = encodeCommand(args);
  const scanner = new CommandScanner("shard test");
  expect(scanner.scan(encoded, 0, encoded.length)).toBe(encoded.length);
  expect(scanner.seen).toBe(5_000);
});
