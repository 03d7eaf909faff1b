import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { catalogue } from "../../server/errors/catalogue.ts";

const root = join(import.meta.dirname, "..", "..");
const operations = readFileSync(join(root, "docs", "operations.md"), "utf8");
const quoted = new Set([...operations.matchAll(/`([^`\n]+)`/g)].map(([, text]) => text!));

/** Words with a dash that are neither an event's type nor anything else that an operator sees. */
const otherWords = new Set([
  "drizzle-orm",
  "keys-unfinished",
  "repl-stream-db",
  "session-ended",
  "to-sort",
  "too-large",
  "true-expiries",
]);

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(join(root, folder, name), "utf8"));
}

const code = [...sources("server/sync"), ...sources("server/control")].join("\n");
const words = new Set([...code.matchAll(/"([a-z]+(?:-[a-z]+)+)"/g)].map(([, word]) => word!));

test("every type of an event, and every other word of a report, is in docs/operations.md", () => {
  expect(words.has("source-link-lost")).toBe(true);
  const known = (word: string) =>
    otherWords.has(word) || quoted.has(word) || operations.includes(`"${word}"`);
  expect([...words].filter((word) => !known(word))).toEqual([]);
});

test("every code of a skipped command is in docs/operations.md", () => {
  const stated =
    /#skip\(\s*"([A-Z_]+)"|"(?:skipped|rejected)", "[^"]+", [^,]+, "([A-Z_]+)"|\bcode: "([A-Z_]+)"/g;
  const codes = [...code.matchAll(stated)].map(([, skipped, logged, other]) => skipped ?? logged ?? other!);
  const missing = codes.filter((name) => !quoted.has(name));
  expect(codes).toEqual(expect.arrayContaining(["FUNCTION_FLUSH", "TOO_LARGE", "PUBLISH_OFF"]));
  expect(missing).toEqual([]);
});

test("the table of events in docs/operations.md names none that is not there", () => {
  const table = /### An event\n([\s\S]*?)\n### /.exec(operations)![1]!;
  const named = [...table.matchAll(/^\| (`[^|]*`) \|/gm)].flatMap(([, cell]) => cell!.match(/[a-z-]+/g)!);
  // FLUSHALL and its like are named by the command.
  const made = /^(flushall|flushdb|swapdb|eval|evalsha|msetex|function)-skipped$/;
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((type) => !words.has(type) && !made.test(type))).toEqual([]);
});

test("the codes and the links of docs/operations.md lead somewhere", () => {
  const anchor = (heading: string) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-");
  const headings = operations.match(/^#+ .*$/gm)!.map((line) => anchor(line.replace(/^#+ /, "")));
  const links = [...operations.matchAll(/\]\(#([^)]+)\)/g)].map(([, target]) => target!);
  expect(links.filter((target) => !headings.includes(target))).toEqual([]);
  const codes = [...operations.matchAll(/errors\.md#([a-z_]+)/g)].map(([, target]) => target!.toUpperCase());
  expect(codes.filter((name) => !(name in catalogue))).toEqual([]);
  const reasons = /### A reason code[^\n]*\n([\s\S]*?)\n### /.exec(operations)![1]!;
  const named = reasons.match(/`[A-Z_]+`/g)!.map((text) => text.slice(1, -1));
  expect(named.filter((name) => !(name in catalogue))).toEqual([]);
});
