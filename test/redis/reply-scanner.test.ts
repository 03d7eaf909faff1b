import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ReplyScanner } from "../../server/redis/reply-scanner.ts";
import { anyBytes, checkProperty, cutAt } from "../sync/harness/check-property.ts";

type Reply =
  | { readonly kind: "status"; readonly text: string }
  | { readonly kind: "integer"; readonly text: string }
  | { readonly kind: "error"; readonly text: string }
  | { readonly kind: "bulk"; readonly bytes: Buffer | null }
  | { readonly kind: "array"; readonly items: readonly Reply[] | null };

function encode(reply: Reply): Buffer {
  if (reply.kind === "status") return Buffer.from(`+${reply.text}\r\n`);
  if (reply.kind === "integer") return Buffer.from(`:${reply.text}\r\n`);
  if (reply.kind === "error") return Buffer.from(`-${reply.text}\r\n`);
  if (reply.kind === "bulk") {
    if (reply.bytes === null) return Buffer.from("$-1\r\n");
    return Buffer.concat([Buffer.from(`$${reply.bytes.length}\r\n`), reply.bytes, Buffer.from("\r\n")]);
  }
  if (reply.items === null) return Buffer.from("*-1\r\n");
  return Buffer.concat([Buffer.from(`*${reply.items.length}\r\n`), ...reply.items.map(encode)]);
}

/** What a scanner has to tell of it. */
function told(reply: Reply, depth: number): string[] {
  if (reply.kind === "error") return [`${depth} error ${reply.text}`];
  if (reply.kind === "bulk" && reply.bytes === null) return [`${depth} empty`, `${depth} text (nil)`];
  if (reply.kind === "integer" && reply.text === "0") return [`${depth} empty`, `${depth} text 0`];
  if (reply.kind === "bulk") return [`${depth} value`, `${depth} text ${reply.bytes?.subarray(0, 128)}`];
  if (reply.kind !== "array") return [`${depth} value`, `${depth} text ${reply.text}`];
  if (reply.items === null) return [`${depth} array -1`];
  const items = reply.items.flatMap((item) => told(item, depth + 1));
  return [`${depth} array ${reply.items.length}`, ...items, ...(depth === 0 ? ["end"] : [])];
}

function scan(pieces: readonly Uint8Array[], wanted = true): string[] {
  const heard: string[] = [];
  const scanner = new ReplyScanner({
    value: (depth, empty) => {
      heard.push(`${depth} ${empty ? "empty" : "value"}`);
      return wanted;
    },
    text: (depth, text) => heard.push(`${depth} text ${text}`),
    error: (depth, text) => heard.push(`${depth} error ${text}`),
    array: (depth, count) => heard.push(`${depth} array ${count}`),
    arrayEnd: () => heard.push("end"),
  });
  for (const piece of pieces) scanner.feed(piece);
  return heard;
}

function inPieces(bytes: Buffer, size: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  return pieces;
}

const line = fc.string({ maxLength: 30 }).map((text) => text.replace(/[\r\n]/g, " "));
const leaf: fc.Arbitrary<Reply> = fc.oneof(
  fc.record({ kind: fc.constant("status" as const), text: line }),
  fc.record({ kind: fc.constant("error" as const), text: line }),
  fc.record({ kind: fc.constant("integer" as const), text: fc.maxSafeInteger().map(String) }),
  fc.record({ kind: fc.constant("bulk" as const), bytes: fc.option(anyBytes) }),
);
const { reply } = fc.letrec<{ reply: Reply }>((tie) => ({
  reply: fc.oneof(
    { depthSize: "medium", withCrossShrink: true },
    leaf,
    fc.record({
      kind: fc.constant("array" as const),
      items: fc.option(fc.array(tie("reply"), { maxLength: 5 })),
    }),
  ),
}));

test("tells replies of any nesting, in any chunks", () => {
  checkProperty(
    fc.property(fc.array(reply, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 20 }), (replies, cuts) => {
      const bytes = Buffer.concat(replies.map(encode));
      expect(scan(cutAt(bytes, cuts))).toEqual(replies.flatMap((one) => told(one, 0)));
    }),
    500,
  );
});

test("tells no text that is not wanted, and of a long one the beginning", () => {
  const reply = Buffer.from(`$1000\r\n${"x".repeat(1000)}\r\n+${"y".repeat(200)}\r\n`);
  expect(scan([reply], false)).toEqual(["0 value", "0 value"]);
  const texts = [`0 text ${"x".repeat(128)}`, `0 text ${"y".repeat(128)}`];
  expect(scan([reply.subarray(0, 50), reply.subarray(50)])).toEqual([
    "0 value",
    texts[0],
    "0 value",
    texts[1],
  ]);
});

test("tells replies that come byte by byte", () => {
  checkProperty(
    fc.property(fc.array(reply, { maxLength: 4 }), (replies) => {
      const bytes = Buffer.concat(replies.map(encode));
      expect(scan(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(
        replies.flatMap((one) => told(one, 0)),
      );
    }),
    100,
  );
});

test("a nil within EXEC's answer is an item, and so are an empty array and a nil array", () => {
  const text = "*4\r\n$-1\r\n*0\r\n*-1\r\n*2\r\n*0\r\n*-1\r\n+OK\r\n";
  expect(scan([Buffer.from(text)], false)).toEqual([
    "0 array 4",
    "1 empty",
    "1 array 0",
    "1 array -1",
    "1 array 2",
    "2 array 0",
    "2 array -1",
    "end",
    "0 value",
  ]);
});

test("any bytes are told or refused with an Error", () => {
  checkProperty(
    fc.property(fc.array(anyBytes, { maxLength: 8 }), (parts) => {
      try {
        scan(parts);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
        expect(error).not.toBeInstanceOf(TypeError);
        expect(error).not.toBeInstanceOf(RangeError);
      }
    }),
    1000,
  );
});

test.each([
  "PONG\r\n",
  "*x\r\n",
  "$x\r\n",
  "$\r\n",
  "$0x1\r\n",
  "* 1\r\n",
  "$-2\r\n",
  "*-2\r\n",
  "\r\n",
  "%1\r\n",
])("refuses %j", (text) => {
  expect(() => scan([Buffer.from(text)])).toThrowError(/a reply begins with/);
});

test.each([
  ["at once", 100_000],
  ["in pieces", 1_000],
  ["byte by byte", 1],
])(
  "refuses a line longer than 64 KiB that comes %s, with its end or without, and says at which byte",
  (_, size) => {
    const long = "x".repeat(65_536);
    for (const text of [`+${long}\r\n`, `-${long}\r\n`, `+${long}`]) {
      const bytes = Buffer.from(`:1\r\n${text}`);
      expect(() => scan(inPieces(bytes, size))).toThrowError("a reply line at byte 4 is longer than 64 KiB");
    }
    expect(scan(inPieces(Buffer.from(`+${long.slice(1)}\n`), size), false)).toEqual(["0 value"]);
  },
);

test.each([
  ["at once", 100],
  ["byte by byte", 1],
])("says at which byte replies break that come %s", (_, size) => {
  for (const [good, bad] of [
    ["+OK\r\n$3\r\nabc\r\n", "PONG\r\n"],
    ["*2\r\n:1\r\n", "$x\r\n"],
    ["+OK\r\n$3\r\nabc", "d\r\n+OK\r\n"],
    ["+OK\r\n$3\r\nabc\r", "\r\n"],
    ["$0\r\n", "+OK\r\n"],
  ] as const) {
    const bytes = Buffer.from(good + bad);
    expect(() => scan(inPieces(bytes, size))).toThrowError(new RegExp(`at byte ${good.length}$`));
  }
});

test("refuses arrays within arrays without an end, and says at which byte", () => {
  const replies = Buffer.from(`+OK\r\n${"*1\r\n".repeat(10_001)}`);
  expect(() => scan([replies])).toThrowError('a reply begins with "*1" at byte 40005');
});

test.each([
  ["at once", 100],
  ["byte by byte", 1],
])("tells a text that ends in CR the same when it comes %s", (_, size) => {
  const heard: string[] = [];
  const scanner = new ReplyScanner({
    value: () => true,
    text: (depth, text) => heard.push(`${depth} text ${JSON.stringify(text)}`),
    error: () => {},
    array: () => {},
    arrayEnd: () => {},
  });
  const bytes = Buffer.from("+OK\r\r\n:1\r\n");
  for (let at = 0; at < bytes.length; at += size) scanner.feed(bytes.subarray(at, at + size));
  expect(heard).toEqual(['0 text "OK\\r"', '0 text "1"']);
});

test("tells no more of an error than is held for a whole batch, and refuses an answer of countless values", () => {
  const errors: string[] = [];
  const handler = {
    value: () => false,
    text() {},
    error: (_: number, text: string) => errors.push(text),
    array() {},
    arrayEnd() {},
  };
  new ReplyScanner(handler).feed(Buffer.from(`-ERR ${"x".repeat(60_000)}\r\n`));
  expect(errors[0]).toHaveLength(1024);
  expect(() => new ReplyScanner(handler).feed(Buffer.from("*9\r\n*9000000\r\n:1\r\n*2\r\n"))).not.toThrow();
  const scanner = new ReplyScanner(handler);
  scanner.feed(Buffer.from("+OK\r\n:1\r\n"), 2);
  expect(() => scanner.feed(Buffer.from("+OK\r\n".repeat(1000)), 3)).toThrow(/nothing was asked for/);
  expect(scanner.replies).toBe(4);
  expect(() => new ReplyScanner(handler).feed(Buffer.from("*33000000\r\n"))).toThrow(/more than/);
  expect(() => new ReplyScanner(handler).feed(Buffer.from("*9000000\r\n*9000000\r\n"))).toThrow(/more than/);
});
