import { expect, test } from "vitest";
import { mayBeInline, splitInline } from "../../server/redis/inline-command.ts";

const words = (line: string) =>
  splitInline(Buffer.from(line, "latin1"))?.map((word) => word.toString("latin1"));

// What `redis-cli` and inline commands share: redis: tests/unit/protocol.tcl, sds.c sdssplitargs
test.each([
  ["", []],
  ["\r", []],
  ["PING\r", ["PING"]],
  ["  SET\tk  v \r", ["SET", "k", "v"]],
  ['SET k "a b"\r', ["SET", "k", "a b"]],
  ['SET k "\\x41\\n\\"\\\\\\xzz"', ["SET", "k", 'A\n"\\xzz']],
  ["SET k 'a \\' \\n'", ["SET", "k", "a ' \\n"]],
  ['SET k ""', ["SET", "k", ""]],
  ['SET k a"b c"', ["SET", "k", "ab c"]],
])("splits %j as Redis does", (line, expected) => {
  expect(words(line)).toEqual(expected);
});

test.each(['SET k "a', "SET k 'a", 'SET k "a"b', "SET k a\0b"])("does not take %j", (line) => {
  expect(words(line)).toBe(undefined);
});

test("takes what may be the name of a command, and nothing else", () => {
  const may = (text: string, whole: boolean) => mayBeInline(Buffer.from(text, "latin1"), whole);
  expect(["PI", "ping ", "SET k v", "\r", "", " set k"].filter((text) => !may(text, false))).toEqual([]);
  expect(["ping\r", "SET k v", "\r", ""].filter((text) => !may(text, true))).toEqual([]);
  expect(["garbage", "$3", "PINGS", "\x80", "SE k v", "+OK"].filter((text) => may(text, false))).toEqual([]);
  expect(["PI", "PI\r"].filter((text) => may(text, true))).toEqual([]);
});
