import { expect, test } from "vitest";
import { commandFacts } from "../../server/redis/command-facts.ts";
import { commandRows } from "../../server/redis/command-facts-data.ts";
import type { KeyRole } from "../../server/redis/command-facts-row.ts";
import { startRedis } from "../servers/index.ts";

type Docs = ReadonlyMap<string, string>;
type KeySpecRow = readonly unknown[];
type CommandRow = readonly [name: string, arity: number, ...rest: unknown[]];

/** Flat pairs, as RESP2 has maps. */
function pairs(flat: unknown): Map<string, unknown> {
  const list = flat as unknown[];
  return new Map(
    Array.from({ length: list.length / 2 }, (_, index) => [String(list[2 * index]), list[2 * index + 1]]),
  );
}

const nameOf = (text: string) => text.toUpperCase().replace("|", " ");

function sinceOf(docs: unknown, found = new Map<string, string>()): Docs {
  for (const [name, about] of pairs(docs)) {
    const facts = pairs(about);
    found.set(nameOf(name), String(facts.get("since")));
    if (facts.has("subcommands")) sinceOf(facts.get("subcommands"), found);
  }
  return found;
}

/** The flags of each command's key specs, without those that mark no key. */
function keyFlags(
  rows: readonly CommandRow[],
  found = new Map<string, string[][]>(),
): Map<string, string[][]> {
  for (const row of rows) {
    const specs = (row[8] as KeySpecRow[]).map((spec) => pairs(spec).get("flags") as string[]);
    found.set(
      nameOf(row[0]),
      specs.filter((flags) => !flags.includes("not_key")),
    );
    keyFlags(row[9] as CommandRow[], found);
  }
  return found;
}

/** What a server's flags of a key must be for each role. redis: server.h CMD_KEY_RO to CMD_KEY_DELETE */
const required: Readonly<Record<KeyRole, readonly string[]>> = {
  read: ["RO", "access"],
  write: ["OW", "update"],
  create: ["OW", "insert"],
  update: ["RW"],
  renew: ["RW", "update"],
  take: ["RW", "access", "delete"],
  delete: ["RM", "delete"],
  any: ["RW", "access", "update"],
};

/** Where the flags say something else than what the command does to data, the first ones that differ, and why. */
const differing: Readonly<Record<string, string>> = {
  SET: "RW: with GET it returns what was there",
  GETSET: "RW: it returns what was there",
  SINTERSTORE: "RW: as an error of the servers; it stores like SUNIONSTORE",
  MOVE: "RW access update: the key is gone from the database that it names",
  XREADGROUP: "RO: for them the entries count, and not what the group remembers",
};

test("agrees with the server about what each command does with each of its keys", async () => {
  const { client } = await startRedis();
  const flags = keyFlags((await client.call("COMMAND")) as CommandRow[]);
  const differences: string[] = [];
  let several = 0;
  for (const name of Object.keys(commandRows)) {
    const specs = flags.get(name);
    if (specs === undefined) continue;
    const { keys } = commandFacts(name);
    // The patterns of SORT are a key spec of theirs, without a place.
    const stated = name === "SORT" ? [specs[0]!, specs[2]!] : specs;
    if (stated.length > 1) several++;
    const wrong = stated.some((spec, index) => {
      const role = keys[Math.min(index, keys.length - 1)];
      return role === undefined || !required[role].every((flag) => spec.includes(flag));
    });
    if (wrong) differences.push(name);
  }
  expect(several).toBeGreaterThan(20);
  expect(differences.sort()).toEqual(Object.keys(differing).sort());
});

test("agrees with the server about the version that each command came with", async () => {
  const { client } = await startRedis();
  const docs = sinceOf(await client.call("COMMAND", "DOCS"));
  const differences: string[] = [];
  for (const [name, { since }] of Object.entries(commandRows)) {
    const told = docs.get(name);
    if (told !== undefined && !`${told}.`.startsWith(`${since}.`))
      differences.push(`${name} ${since} ${told}`);
  }
  expect(docs.size).toBeGreaterThan(300);
  expect(differences).toEqual([]);
});
