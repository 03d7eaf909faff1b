import * as fc from "fast-check";
import { expect, test } from "vitest";
import { encodeCommand } from "../../../server/redis/encode-command.ts";
import { anyBytes, checkProperty, cutAt } from "../harness/check-property.ts";
import { RecordingHandler } from "../harness/recording-handler.ts";

const MIB = 1024 * 1024;
const command = fc.array(anyBytes, { minLength: 1, maxLength: 20 });
const commands = fc.array(command, { maxLength: 12 });

function feed(handler: RecordingHandler, pieces: readonly Uint8Array[]): number {
  let position = 0;
  for (const piece of pieces) {
    const at = handler.cutter.cut(piece, 0);
    expect(at).toBe(piece.length);
    position += at;
  }
  return position;
}

const bytesOf = (handler: RecordingHandler) => Buffer.concat(handler.commands.map(({ bytes }) => bytes));

test("a sequence of commands that is cut at any bytes gives the same commands, and their sizes sum up", () => {
  checkProperty(
    fc.property(commands, fc.array(fc.nat(), { maxLength: 30 }), (sequence, cuts) => {
      const encoded = sequence.map(encodeCommand);
      const whole = Buffer.concat(encoded);
      const handler = new RecordingHandler();
      expect(feed(handler, cutAt(whole, cuts))).toBe(whole.length);
      expect(handler.commands.map(({ bytes }) => bytes)).toEqual(encoded);
      expect(handler.commands.map(({ args }) => args)).toEqual(sequence.map((args) => args.slice(0, 16)));
    }),
    500,
  );
});

test("a sequence of commands that comes byte by byte gives the same commands", () => {
  checkProperty(
    fc.property(commands, (sequence) => {
      const encoded = sequence.map(encodeCommand);
      const handler = new RecordingHandler();
      feed(
        handler,
        Array.from(Buffer.concat(encoded), (byte) => Uint8Array.of(byte)),
      );
      expect(handler.commands.map(({ bytes }) => bytes)).toEqual(encoded);
    }),
    50,
  );
});

test("stops before the next command where the handler is blocked, and goes on there", () => {
  checkProperty(
    fc.property(commands, fc.array(fc.nat(), { maxLength: 10 }), fc.nat(), (sequence, cuts, every) => {
      const encoded = sequence.map(encodeCommand);
      const handler = new RecordingHandler();
      let taken = 0;
      handler.onTaken = () => {
        taken++;
        handler.blocked = taken % ((every % 3) + 1) === 0;
      };
      for (const piece of cutAt(Buffer.concat(encoded), cuts)) {
        let at = 0;
        while (at < piece.length) {
          at = handler.cutter.cut(piece, at);
          handler.blocked = false;
        }
      }
      expect(handler.commands.map(({ bytes }) => bytes)).toEqual(encoded);
    }),
  );
});

test.each([
  ["one huge argument", [Buffer.from("SET"), Buffer.from("key"), Buffer.alloc(3 * MIB, "x")]],
  ["a huge key", [Buffer.from("SET"), Buffer.alloc(2 * MIB, "\r\n"), Buffer.from("value")]],
  [
    "many arguments",
    [Buffer.from("SADD"), ...Array.from({ length: 150_000 }, (_, index) => Buffer.from(`member ${index}`))],
  ],
  ["many empty arguments", [Buffer.from("SADD"), ...Array.from({ length: 400_000 }, () => Buffer.alloc(0))]],
])("a command larger than a MiB, with %s, comes in pieces with the same bytes", (_, args) => {
  const small = encodeCommand(["PING"]);
  const large = encodeCommand(args);
  const whole = Buffer.concat([small, large, small, large, small]);
  for (const size of [64 * 1024, 65_537, 300_001, MIB + 1]) {
    const handler = new RecordingHandler();
    const pieces = [];
    for (let at = 0; at < whole.length; at += size) pieces.push(whole.subarray(at, at + size));
    expect(feed(handler, pieces)).toBe(whole.length);
    expect(handler.commands.map(({ bytes }) => bytes.length)).toEqual([
      14,
      large.length,
      14,
      large.length,
      14,
    ]);
    expect(bytesOf(handler).equals(whole)).toBe(true);
    expect(handler.cutter.withinLarge).toBe(false);
    for (const { argc, args: first, pieces: count } of handler.commands.filter((one) => one.pieces > 0)) {
      expect(argc).toBe(args.length);
      expect(first[0]?.toString()).toBe(String(args[0]));
      expect(count).toBeGreaterThan(1);
    }
    if (size < MIB) expect(handler.commands.filter(({ pieces: count }) => count > 0)).toHaveLength(2);
  }
});

test("a large command whose bytes come one by one around its limit gives the same bytes", () => {
  const large = encodeCommand(["SET", "key", Buffer.alloc(MIB - 30, "x")]);
  expect(large.length).toBeGreaterThan(MIB);
  const whole = Buffer.concat([large, encodeCommand(["PING"])]);
  const handler = new RecordingHandler();
  handler.cutter.cut(whole.subarray(0, MIB - 50), 0);
  for (let at = MIB - 50; at < whole.length; at++) handler.cutter.cut(whole.subarray(at, at + 1), 0);
  expect(bytesOf(handler).equals(whole)).toBe(true);
  expect(handler.commands).toHaveLength(2);
});

test("garbage between commands ends in SOURCE_PROTOCOL or in the wish for more, never in a hang", () => {
  checkProperty(
    fc.property(
      commands,
      fc.array(anyBytes, { minLength: 1, maxLength: 6 }),
      fc.array(fc.nat(), { maxLength: 10 }),
      (sequence, garbage, cuts) => {
        const encoded = sequence.map(encodeCommand);
        const handler = new RecordingHandler();
        try {
          for (const piece of cutAt(Buffer.concat([...encoded, ...garbage]), cuts)) {
            expect(handler.cutter.cut(piece, 0)).toBe(piece.length);
          }
        } catch (error) {
          expect(error).toMatchObject({ code: "SOURCE_PROTOCOL" });
        }
        expect(handler.commands.slice(0, encoded.length).map(({ bytes }) => bytes)).toEqual(encoded);
      },
    ),
    500,
  );
});

test("garbage within a large command is SOURCE_PROTOCOL", () => {
  const large = encodeCommand(["SADD", "key", Buffer.alloc(2 * MIB, "x"), "last"]);
  const broken = Buffer.from(large);
  broken.write("garbage", large.length - 8);
  const handler = new RecordingHandler();
  expect(() => {
    for (let at = 0; at < broken.length; at += 65_536)
      handler.cutter.cut(broken.subarray(at, at + 65_536), 0);
  }).toThrowError(expect.objectContaining({ code: "SOURCE_PROTOCOL" }));
});

test.each([
  ["in one piece", 10_000],
  ["in two", 20],
  ["byte by byte", 1],
])("names the offset of the first wrong byte of a stream that comes %s", (_, size) => {
  const whole = Buffer.from("*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGET\r\n-1\r\n");
  const handler = new RecordingHandler();
  expect(() => {
    for (let at = 0; at < whole.length; at += size) handler.cutter.cut(whole.subarray(at, at + size), 0);
  }).toThrowError(
    expect.objectContaining({ details: expect.objectContaining({ offset: String(whole.indexOf("-") + 1) }) }),
  );
});

test("names the offset of the first wrong byte of a large command", () => {
  const small = encodeCommand(["PING"]);
  const broken = Buffer.concat([small, encodeCommand(["SET", "key", Buffer.alloc(2 * MIB, "x")])]);
  broken.write("?", broken.length - 1);
  const handler = new RecordingHandler();
  expect(() => {
    for (let at = 0; at < broken.length; at += 65_536)
      handler.cutter.cut(broken.subarray(at, at + 65_536), 0);
  }).toThrowError(
    expect.objectContaining({ details: expect.objectContaining({ offset: String(broken.length) }) }),
  );
});
