import { expect, test } from "vitest";
import { parseStatsAddress } from "../../server/twemproxy/stats-address.ts";

test.each([
  ["10.0.0.5", "10.0.0.5", 22222],
  [" proxy.internal:2 ", "proxy.internal", 2],
  ["[::1]", "::1", 22222],
  ["[::1]:9", "::1", 9],
])("reads %j", (text, host, port) => expect(parseStatsAddress(text)).toEqual({ host, port }));

test.each([
  "",
  "h:0",
  "h:99999",
  "redis://h:1",
  "rediss://h",
  "h:1/2",
  ":secret@h:1",
  "h:1\nx",
  "h\u202e",
  "h:x",
])("refuses %j, and repeats no password", (text) => {
  expect(() => parseStatsAddress(text)).toThrow(expect.objectContaining({ code: "INPUT_INVALID" }));
  expect(() => parseStatsAddress(text)).not.toThrow(/secret/);
});
