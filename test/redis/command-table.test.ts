import { expect, test } from "vitest";
import { commandSpec, keysOf } from "../../server/redis/command-table.ts";

function keys(line: string): string[] {
  const words = line.split(" ");
  const args = words.map((word) => Buffer.from(word === '""' ? "" : word));
  const spec = commandSpec(words[0]!.toUpperCase());
  if (spec === undefined) throw new Error(`${words[0]} is unknown`);
  return keysOf(spec, args).map((at) => words[at]!);
}

test.each([
  ["SET k v EX 5", ["k"]],
  ["MSET a 1 b 2", ["a", "b"]],
  ["DEL a b c", ["a", "b", "c"]],
  ["BLPOP a b 0", ["a", "b"]],
  ["BITOP AND d a b", ["d", "a", "b"]],
  ["ZUNIONSTORE d 2 a b WEIGHTS 1 2", ["d", "a", "b"]],
  ["EVAL script 2 a b arg", ["a", "b"]],
  ["EVAL script 0 arg", []],
  ["EVALSHA sha 9 a b", ["a", "b"]],
  ["SORT a BY store LIMIT 0 1 GET store", ["a"]],
  ["SORT a ALPHA store d", ["a", "d"]],
  ["GEORADIUS a 1 2 3 m storedist d", ["a", "d"]],
  ["XREADGROUP GROUP g c COUNT 1 STREAMS a b > >", ["a", "b"]],
  ["XGROUP create a g $ MKSTREAM", ["a"]],
  ["XGROUP", []],
  ["LMPOP 2 a b LEFT", ["a", "b"]],
  ['MIGRATE h 1 "" 0 5 COPY KEYS a b', ["a", "b"]],
  ["MIGRATE h 1 a 0 5", ["a"]],
  ["MSETEX 2 a 1 b 2 EX 5", ["a", "b"]],
  ["COPY a b DB 3", ["a", "b"]],
  ["PUBLISH c m", []],
  ["SET", []],
])("finds the keys of %s", (line, expected) => {
  expect(keys(line)).toEqual(expected);
});

test("tells writes, possible writes, reads and strangers apart", () => {
  expect(commandSpec("HSETEX")?.write).toBe(true);
  expect(commandSpec("XGROUP CREATE")?.write).toBe(true);
  expect(commandSpec("FUNCTION LOAD")?.write).toBe(true);
  expect(commandSpec("EVAL")).toMatchObject({ write: false, mayReplicate: true });
  expect(commandSpec("GET")).toMatchObject({ write: false, readOnly: true });
  expect(commandSpec("BF.ADD")).toBeUndefined();
  expect(commandSpec("constructor")).toBeUndefined();
});
