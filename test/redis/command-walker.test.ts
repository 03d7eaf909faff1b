import * as fc from "fast-check";
import { expect, test } from "vitest";
import { CommandWalker } from "../../server/redis/command-walker.ts";
import { encodeCommand } from "../../server/redis/encode-command.ts";
import { anyBytes, checkProperty, cutAt } from "../sync/harness/check-property.ts";

test("finds the end of a command that comes in any pieces, and not what follows it", () => {
  const command = fc.array(anyBytes, { minLength: 1, maxLength: 20 });
  checkProperty(
    fc.property(command, anyBytes, fc.array(fc.nat(), { maxLength: 20 }), (args, after, cuts) => {
      const encoded = encodeCommand(args);
      const walker = new CommandWalker("shard test");
      let walked = 0;
      for (const piece of cutAt(Buffer.concat([encoded, after]), cuts)) {
        const stop = walker.feed(piece, 0, piece.length);
        if (stop >= 0) {
          expect(walked + stop).toBe(encoded.length);
          return;
        }
        walked += piece.length;
      }
      expect.fail("the end was not found");
    }),
  );
});

test.each([
  ["a reply", "+OK\r\n"],
  ["a nil argument", "*1\r\n$-1\r\n"],
  ["an array within", "*1\r\n*1\r\n"],
  ["letters in a length", "*1\r\n$1x\r\n"],
  ["no length", "*1\r\n$\r\n"],
  ["a length in hexadecimal", "*1\r\n$0x1\r\n"],
  ["a CR within a length", "*1\r\n$\r1\r\n"],
  ["a length without CR", "*1\r\n$1\n"],
  ["an argument longer than it says", "*1\r\n$3\r\nPING\r\n"],
  ["an endless line", `*1\r\n$${"0".repeat(100)}`],
])("refuses %s", (_, text) => {
  const bytes = Buffer.from(text);
  expect(() => new CommandWalker("shard test").feed(bytes, 0, bytes.length)).toThrowError(
    expect.objectContaining({ code: "SOURCE_PROTOCOL" }),
  );
});
