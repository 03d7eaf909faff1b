import { expect, test } from "vitest";
import { shownData, shownText } from "../../server/errors/shown-text.ts";
import { reasonOf } from "../../server/errors/tributary-error.ts";

test("escapes what a terminal obeys and what turns the direction of writing, and nothing else", () => {
  expect(shownText("\x1b[2J\r\n\x00\x7f\x9b\u202e\u2066\u2028")).toBe(
    "\\x1b[2J\\x0d\\x0a\\x00\\x7f\\x9b\\u202e\\u2066\\u2028",
  );
  expect(shownText("a\ud800b\udc00")).toBe("a\\ud800b\\udc00");
  const plain = "Zürich → 東京, 🌊, \\x1b as it is";
  expect(shownText(plain)).toBe(plain);
});

test("cuts a text, also one that grows when it is escaped", () => {
  expect(shownText("x".repeat(1_000_000))).toHaveLength(2000);
  expect(shownText("\x01".repeat(1_000_000))).toHaveLength(2000);
  expect(shownText("abcdef", 4)).toBe("abc…");
  expect(shownText("abcd", 4)).toBe("abcd");
});

test("goes through plain data", () => {
  const data = { a: ["\x1b", { b: "\u202e", n: 1, none: null, gone: undefined, yes: true }] };
  expect(shownData(data)).toEqual({
    a: ["\\x1b", { b: "\\u202e", n: 1, none: null, gone: undefined, yes: true }],
  });
});

test("is how the details of an error are shown", () => {
  const { message } = reasonOf("SOURCE_PROTOCOL", {
    role: "shard \x1b[31m",
    address: "h:1",
    detail: "y".repeat(5000),
  });
  expect(message).toMatch(/^shard \\x1b\[31m at h:1 sent/);
  expect(message.length).toBeLessThan(1100);
});
