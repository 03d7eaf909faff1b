import { expect, test } from "vitest";
import { commandFacts, keyCountOf, keysByRole, serverHas } from "../../server/redis/command-facts.ts";
import { commandRows } from "../../server/redis/command-facts-data.ts";
import { commandSpec } from "../../server/redis/command-table.ts";
import { commandTableData } from "../../server/redis/command-table-data.ts";

/** Subcommands that have what their container's row says. */
const asTheirContainer = ["XGROUP CREATE", "XGROUP DELCONSUMER", "XGROUP DESTROY", "XGROUP SETID"];

/** What a server may send to its replicas. */
const streamed = commandTableData
  .trim()
  .split("\n")
  .map((line) => line.split(" ", 2) as [string, string])
  .filter(([, flags]) => /[we]/.test(flags))
  .map(([name]) => name.replace("|", " "));

test("has a row for every command of the table that may come in a stream, and for no other", () => {
  const rows = Object.keys(commandRows).filter((name) => name !== "XGROUP");
  expect([...rows, ...asTheirContainer].sort()).toEqual([...streamed].sort());
});

test("states a role for every key spec, and no role without one", () => {
  const differing = Object.entries(commandRows).filter(([name, { keys }]) => {
    const { keySpecs, subcommands } = commandSpec(name)!;
    if (subcommands !== null) return keys.length !== 1;
    // The STORE of SORT is told by no key spec; the two of GEORADIUS and of MIGRATE are alike.
    const specs =
      name === "SORT" ? 2 : /^(GEORADIUS|MIGRATE)/.test(name) ? keySpecs.length - 1 : keySpecs.length;
    return keys.length !== specs;
  });
  expect(differing).toEqual([]);
});

test("calls no command blind that depends on a key", () => {
  const blind = Object.entries(commandRows).filter(([, { blind }]) => blind !== undefined);
  expect(blind.length).toBeGreaterThan(5);
  for (const [name, { keys }] of blind) {
    expect(
      keys.every((role) => role === "write" || role === "delete"),
      name,
    ).toBe(true);
  }
});

/** `read: a b; write: c`, with what is beside the named keys. */
function roles(line: string): string {
  const words = line.split(" ");
  const args = words.map((word) => Buffer.from(word));
  const { keys, reads, writes, unnamed } = keysByRole(words[0]!, args);
  const shown = keys.map(
    ({ at, role }) =>
      `${words[at]} ${role}${reads.includes(at) ? " r" : ""}${writes.includes(at) ? " w" : ""}`,
  );
  return [...shown, ...(unnamed === "none" ? [] : [`others ${unnamed}`])].join(", ");
}

test.each([
  ["SUNIONSTORE d a b", "d write w, a read r, b read r"],
  ["SUNIONSTORE d d a", "d write w, d read r, a read r"],
  ["ZUNIONSTORE d 2 a b WEIGHTS 1 2", "d write w, a read r, b read r"],
  ["ZRANGESTORE d a 0 1", "d write w, a read r"],
  ["GEOSEARCHSTORE d a FROMMEMBER m BYRADIUS 1 m", "d write w, a read r"],
  ["GEORADIUS a 1 2 3 m", "a read r"],
  ["GEORADIUS a 1 2 3 m STOREDIST d", "a read r, d write w"],
  ["GEORADIUSBYMEMBER a m 3 m STORE d", "a read r, d write w"],
  ["SORT a STORE d", "a read r, d write w"],
  ["SORT a BY nosort GET # STORE d", "a read r, d write w"],
  ["SORT a GET w_* STORE d", "a read r, d write w, others reads"],
  ["SORT a BY store LIMIT 0 1 STORE d STORE e", "a read r, e write w"],
  ["BITOP AND d a b", "d write w, a read r, b read r"],
  ["PFMERGE d a", "d update r w, a read r"],
  ["PFMERGE d", "d update r w"],
  ["RENAME a b", "a take r w, b write w"],
  ["RENAMENX a b", "a take r w, b create w"],
  ["COPY a b DB 2 REPLACE", "a read r, b write w"],
  ["MOVE a 2", "a take r w"],
  ["SMOVE a b m", "a update r w, b update r w"],
  ["RPOPLPUSH a b", "a update r w, b update r w"],
  ["BLMOVE a b LEFT LEFT 0", "a update r w, b update r w"],
  ["LMOVEM a b LEFT LEFT COUNT 2", "a update r w, b update r w"],
  ["MSET a 1 b 2", "a write w, b write w"],
  ["MSETNX a 1 b 2", "a create w, b create w"],
  ["MSETEX 2 a 1 b 2 EX 5", "a write w, b write w"],
  ["DEL a b", "a delete w, b delete w"],
  ["UNLINK a", "a delete w"],
  ["DELIFEQ a v", "a take r w"],
  ["BZMPOP 0 2 a b MIN", "a update r w, b update r w"],
  ["XREADGROUP GROUP g c STREAMS a b > >", "a update r w, b update r w"],
  ["XGROUP CREATE a g $", "a update r w"],
  ["HSETEX a EX 5 FIELDS 1 f v", "a update r w"],
  ["EVAL s 2 a b x", "a any r w, b any r w, others any"],
  ["FCALL f 0 x", "others any"],
  ["MIGRATE h 1 a 0 5", "a take r w"],
  ["FLUSHALL", "others any"],
  ["PUBLISH c m", ""],
  ["VSIM a ELE m", "a read r"],
  ["MGET a b", "a read r, b read r"],
  ["JSON.MSET a . 1", "others any"],
])("knows what %s does with its keys", (line, expected) => {
  expect(roles(line)).toBe(expected);
});

test.each([
  ["several", "MSET DEL RENAME SORT GEORADIUS EVAL XREADGROUP MIGRATE LMPOP BITOP PFMERGE MSETEX"],
  ["one", "SET INCR XGROUP ZADD HSETEX MOVE DELIFEQ"],
  ["none", "PING SELECT MULTI PUBLISH FLUSHALL FUNCTION SCRIPT"],
  ["unknown", "BF.ADD JSON.MSET CONSTRUCTOR"],
] as const)("says once for a name that it may name %s keys", (count, names) => {
  for (const name of names.split(" ")) expect(keyCountOf(name), name).toBe(count);
});

test("holds what is none of the servers' for anything, and what reads for harmless", () => {
  expect(commandFacts("BF.ADD")).toMatchObject({ keys: ["any"], unnamed: "any" });
  expect(commandFacts("constructor")).toMatchObject({ keys: ["any"], unnamed: "any" });
  expect(commandFacts("TOUCH")).toMatchObject({ keys: ["read"], blind: true });
  expect(commandFacts("XGROUP SETID").otherForm).toBe(true);
});

test.each([
  ["LMOVE", "redis", "6.0.16", "6.0.16", false],
  ["LMOVE", "redis", "6.2.0", "6.2.0", true],
  ["LMOVEM", "redis", "8.8.0", "8.8.0", false],
  ["LMOVEM", "redis", "8.10.0", "8.10.0", true],
  ["HSETEX", "redis", "7.4.1", "7.4.1", false],
  ["HSETEX", "valkey", "9.0.0", "7.2.4", true],
  ["HSETEX", "valkey", "8.1.0", "7.2.4", false],
  ["LMOVEM", "valkey", "9.1.0", "7.2.4", false],
  ["DELIFEQ", "valkey", "9.0.1", "7.2.4", true],
  ["DELIFEQ", "redis", "8.10.0", "8.10.0", false],
  ["HEXPIRE", "dragonfly", "1.30.0", "7.4.0", false],
  ["COPY", "valkey", "7.2.5", "7.2.4", true],
] as const)("knows whether %s is there in %s %s", (name, flavor, version, redisVersion, has) => {
  expect(serverHas(name, { flavor, version, redisVersion })).toBe(has);
});
