import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Refused, type Reply, ReplyReader } from "../../server/verify/reply-reader.ts";
import { checkProperty, cutAt } from "../sync/harness/check-property.ts";

const reply: fc.Memo<Reply> = fc.memo((depth) =>
  depth > 1 ? fc.oneof(leaf, fc.array(reply(depth - 1), { maxLength: 4 })) : leaf,
);
const leaf: fc.Arbitrary<Reply> = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc.integer(),
  fc.constant(null),
  fc.stringMatching(/^[A-Z]{1,9}( [a-z]{1,9})?$/).map((text) => new Refused(text)),
);

function encoded(value: Reply): Buffer {
  if (value === null) return Buffer.from("$-1\r\n");
  if (typeof value === "number") return Buffer.from(`:${value}\r\n`);
  if (value instanceof Refused) return Buffer.from(`-${value.message}\r\n`);
  if (Array.isArray(value))
    return Buffer.concat([Buffer.from(`*${value.length}\r\n`), ...value.map(encoded)]);
  return Buffer.concat([Buffer.from(`$${value.length}\r\n`), value, Buffer.from("\r\n")]);
}

test("reads replies however their bytes are cut, and keeps those that it has given", () => {
  checkProperty(
    fc.property(
      fc.array(reply(3), { maxLength: 20 }),
      fc.array(fc.nat(), { maxLength: 20 }),
      fc.nat(5),
      (replies, cuts, every) => {
        const reader = new ReplyReader();
        const read: Reply[] = [];
        for (const chunk of cutAt(Buffer.concat(replies.map(encoded)), cuts)) {
          reader.feed(chunk);
          chunk.fill(0xee);
          for (let next = reader.next(); next !== undefined; next = reader.next()) {
            read.push(next);
            if (read.length % (every + 1) === 0) reader.cut();
          }
        }
        expect(read).toEqual(replies);
      },
    ),
  );
});

test("reads a status, and a value larger than its memory", () => {
  const reader = new ReplyReader();
  const large = Buffer.alloc(300_000, "x");
  const bytes = Buffer.concat([Buffer.from("+OK\r\n"), encoded(large), encoded(7)]);
  const read: Reply[] = [];
  for (let at = 0; at < bytes.length; at += 10_000) {
    reader.feed(bytes.subarray(at, at + 10_000));
    for (let next = reader.next(); next !== undefined; next = reader.next()) read.push(next);
  }
  expect(String(read[0])).toBe("OK");
  expect(large.equals(read[1] as Buffer)).toBe(true);
  expect(read[2]).toBe(7);
});

test.each(["HTTP/1.1 400\r\n", "$x\r\n", "*\r\n", "\u0015\u0003\r\n"])(
  "does not take %j for a reply",
  (text) => {
    const reader = new ReplyReader();
    reader.feed(Buffer.from(text));
    expect(() => reader.next()).toThrow(/a reply/);
  },
);
