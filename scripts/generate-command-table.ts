/**
 * Writes server/redis/command-table-data.ts from the servers' own descriptions of their commands:
 *
 *     npx tsx scripts/generate-command-table.ts <redis>/src/commands <valkey>/src/commands
 *
 * Each argument is a folder of the JSON files that Redis (7.0 and later) and Valkey keep in src/commands. A
 * command that several folders have is taken from the first one.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

type KeySpec = {
  readonly flags?: readonly string[];
  readonly begin_search: {
    readonly index?: { readonly pos: number };
    readonly keyword?: { readonly keyword: string; readonly startfrom: number };
    readonly unknown?: null;
  };
  readonly find_keys: {
    readonly range?: { readonly lastkey: number; readonly step: number; readonly limit: number };
    readonly keynum?: { readonly keynumidx: number; readonly firstkey: number; readonly step: number };
    readonly unknown?: null;
  };
};

type Description = {
  readonly container?: string;
  readonly command_flags?: readonly string[];
  readonly key_specs?: readonly KeySpec[];
};

/** Flags of the servers that the table keeps, each with its letter. */
const letters: Readonly<Record<string, string>> = {
  WRITE: "w",
  READONLY: "r",
  DENYOOM: "m",
  MAY_REPLICATE: "e",
  ADMIN: "a",
  PUBSUB: "p",
};

/** Commands of releases that are newer than the folders; all take one key, at 1, unless it says more. */
const newer: readonly (readonly [name: string, flags: string, keys?: string])[] = [
  // Redis 8.0 (HSETEX and HGETEX also Valkey 9.0)
  ["HGETDEL", "w"],
  ["HGETEX", "w"],
  ["HSETEX", "wm"],
  // Redis 8.0, vector sets
  ["VADD", "wm"],
  ["VREM", "w"],
  ["VSETATTR", "w"],
  ...[
    "VCARD",
    "VDIM",
    "VEMB",
    "VGETATTR",
    "VINFO",
    "VISMEMBER",
    "VLINKS",
    "VRANDMEMBER",
    "VRANGE",
    "VSIM",
  ].map((name) => [name, "r"] as const),
  // Redis 8.2
  ["XACKDEL", "w"],
  ["XDELEX", "w"],
  // Redis 8.4
  ["DELEX", "w"],
  ["DIGEST", "r"],
  ["MSETEX", "wm", "n1:0:1:2"],
  // Redis 8.6; the second goes only from a master to its replicas
  ["XCFGSET", "w"],
  ["XIDMPRECORD", "wm"],
  // Redis 8.8, and its arrays
  ["INCREX", "wm"],
  ["XNACK", "w"],
  ["ARDEL", "w"],
  ["ARDELRANGE", "w"],
  ["ARINSERT", "wm"],
  ["ARMSET", "wm"],
  ["ARRING", "wm"],
  ["ARSEEK", "w"],
  ["ARSET", "wm"],
  // Redis 8.10
  ["BLMOVEM", "wm", "i1:0:1:0 i2:0:1:0"],
  ["LMOVEM", "wm", "i1:0:1:0 i2:0:1:0"],
  // Valkey 9.0
  ["DELIFEQ", "w"],
];

const lines = new Map<string, string>();
const folders = process.argv.slice(2);
if (folders.length === 0) throw new Error("Give one or more folders of src/commands");
for (const folder of folders) {
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith(".json")) continue;
    const descriptions = JSON.parse(readFileSync(join(folder, file), "utf8")) as Record<string, Description>;
    for (const [name, description] of Object.entries(descriptions)) {
      const flags = description.command_flags ?? [];
      if (flags.includes("ONLY_SENTINEL") || description.container === "SENTINEL") continue;
      const full = (description.container ? `${description.container} ${name}` : name).toUpperCase();
      if (!lines.has(full)) lines.set(full, lineOf(full, description));
    }
  }
}
for (const [name, flags, keys = "i1:0:1:0"] of newer) {
  if (!lines.has(name)) lines.set(name, `${name} ${flags} ${keys}`);
}

const rows = [...lines.values()].sort((a, b) => (a < b ? -1 : 1));
writeFileSync(
  new URL("../server/redis/command-table-data.ts", import.meta.url),
  `// Written by scripts/generate-command-table.ts: do not edit.

/**
 * One command a line: its name, or container|subcommand; its flags (w write, r read-only, m denied when out of
 * memory, e may replicate, a admin, p pub/sub, - none); then its key specs, each a search (i<position> or
 * k<start>:<keyword>) with either a range :<last>:<step>:<limit> or, as n<position>, a count of keys
 * :<index of the count>:<first key>:<step>. A ? is a place that a rule in code finds.
 */
export const commandTableData = \`
${rows.map((row) => row.trimEnd()).join("\n")}
\`;
`,
);

function lineOf(name: string, description: Description): string {
  const flags = (description.command_flags ?? []).map((flag) => letters[flag] ?? "").join("");
  // NOT_KEY marks what is routed like a key and is none: the channels of SPUBLISH.
  const specs = (description.key_specs ?? []).filter((spec) => !spec.flags?.includes("NOT_KEY")).map(specOf);
  return [name.replace(" ", "|"), flags || "-", ...specs].join(" ");
}

function specOf(spec: KeySpec): string {
  const { index, keyword } = spec.begin_search;
  const { range, keynum } = spec.find_keys;
  if (index && range) return `i${index.pos}:${range.lastkey}:${range.step}:${range.limit}`;
  if (index && keynum) return `n${index.pos}:${keynum.keynumidx}:${keynum.firstkey}:${keynum.step}`;
  if (keyword && range) {
    return `k${keyword.startfrom}:${keyword.keyword}:${range.lastkey}:${range.step}:${range.limit}`;
  }
  return "?";
}
