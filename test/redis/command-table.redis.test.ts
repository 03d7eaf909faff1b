import { expect, test } from "vitest";
import { commandSpec, keysOf } from "../../server/redis/command-table.ts";
import { startRedis } from "../servers/index.ts";

type CommandRow = [name: string, arity: number, flags: string[], ...rest: unknown[]];

test("agrees with the server about every command that it has", async () => {
  const redis = await startRedis();
  const rows = (await redis.client.call("COMMAND")) as CommandRow[];
  const differences: string[] = [];
  const check = (row: CommandRow) => {
    const name = row[0].toUpperCase().replace("|", " ");
    const spec = commandSpec(name);
    if (spec === undefined) differences.push(`${name} is missing`);
    else if (spec.write !== row[2].includes("write")) differences.push(`${name} write`);
    else if (spec.denyOom !== row[2].includes("denyoom")) differences.push(`${name} denyoom`);
    for (const sub of (row[9] ?? []) as CommandRow[]) check(sub);
  };
  for (const row of rows) check(row);
  expect(rows.length).toBeGreaterThan(200);
  expect(differences).toEqual([]);
});

test.each([
  "SORT a LIMIT 0 5 STORE d ALPHA STORE e",
  "GEORADIUS a 1 2 3 m STORE d",
  "GEORADIUSBYMEMBER a m 3 km COUNT 1 STOREDIST d",
  "XREADGROUP GROUP g c NOACK STREAMS a b 0 0",
  "MIGRATE h 1 a 0 5 AUTH p",
  "ZINTERSTORE d 3 a b c WEIGHTS 1 2 3",
  "BZMPOP 0 2 a b MIN",
  "XGROUP CREATECONSUMER a g c",
  "BITOP OR d a b c",
  "LCS a b",
  "RENAME a b",
])("names the same keys as COMMAND GETKEYS for %s", async (line) => {
  const redis = await startRedis();
  const words = line.split(" ");
  const expected = (await redis.client.call("COMMAND", "GETKEYS", ...words)) as string[];
  const spec = commandSpec(words[0]!)!;
  const found = keysOf(
    spec,
    words.map((word) => Buffer.from(word)),
  ).map((at) => words[at]);
  expect(found.sort()).toEqual(expected.sort());
});
