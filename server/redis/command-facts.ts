import { commandRows } from "./command-facts-data.ts";
import type { CommandFacts, ExpiryUnit, KeyRole } from "./command-facts-row.ts";
import { type CommandSpec, commandSpec, keysBySpec, sortsByOthers } from "./command-table.ts";
import { releaseOf, type ServerFacts } from "./server-info.ts";

/** The options of SET, GETEX and MSETEX that a number follows. */
export const EXPIRY_OPTIONS: ReadonlyMap<string, ExpiryUnit> = new Map([
  ["EX", { unit: 1000, relative: true }],
  ["PX", { unit: 1, relative: true }],
  ["EXAT", { unit: 1000, relative: false }],
  ["PXAT", { unit: 1, relative: false }],
]);

const rows: ReadonlyMap<string, CommandFacts> = new Map(Object.entries(commandRows));
const READS: CommandFacts = { since: null, keys: ["read"], blind: true };
const UNKNOWN: CommandFacts = { since: null, keys: ["any"], unnamed: "any" };

/**
 * @param nameUpper in upper case; a subcommand as `XGROUP CREATE`.
 * @returns for a command that changes nothing, that it reads; for one that is none of the servers' (a module's, a
 * newer server's), that it may do anything.
 */
export function commandFacts(nameUpper: string): CommandFacts {
  return rows.get(nameUpper) ?? factsWithoutRow(nameUpper);
}

function factsWithoutRow(nameUpper: string): CommandFacts {
  if (commandSpec(nameUpper) === undefined) return UNKNOWN;
  return rows.get(nameUpper.split(" ", 1)[0]!) ?? READS;
}

/** How many keys a command may name; unknown for what is none of the servers'. */
export type KeyCount = "none" | "one" | "several" | "unknown";

/** To be asked once for a name: what it costs to look at a command's keys is then spent on `several` alone. */
export function keyCountOf(nameUpper: string): KeyCount {
  const spec = commandSpec(nameUpper);
  return spec === undefined ? "unknown" : countOf(spec);
}

function countOf({ name, keySpecs, subcommands }: CommandSpec): KeyCount {
  const counts = [...(subcommands?.values() ?? [])].map(countOf);
  if (counts.includes("several") || keySpecs.length > 1 || name === "SORT") return "several";
  if (keySpecs.some((rule) => rule.kind === "count" || rule.last !== 0)) return "several";
  return keySpecs.length === 1 || counts.includes("one") ? "one" : "none";
}

/** Where the first key of a command stands, where that is the same for all of its calls; else 1. */
export function firstKeyAt(nameUpper: string): number {
  const spec = commandSpec(nameUpper);
  const [first] = spec?.keySpecs[0] !== undefined ? [spec] : [...(spec?.subcommands?.values() ?? [])];
  const begin = first?.keySpecs[0]?.begin;
  return typeof begin === "number" ? begin : 1;
}

export type KeysByRole = {
  /** By position among the arguments, the command's name being 0, in the order of the key specs. */
  readonly keys: readonly { readonly at: number; readonly role: KeyRole }[];
  /** Positions of those on which its effect depends. */
  readonly reads: readonly number[];
  /** Positions of those that may be otherwise afterwards. */
  readonly writes: readonly number[];
  /** Keys beside those that it names: `reads` for the patterns of SORT, `any` where nobody knows. */
  readonly unnamed: "none" | "reads" | "any";
};

const INDIFFERENT: ReadonlySet<KeyRole> = new Set(["write", "create", "delete"]);

/**
 * What a command does with each of its keys. A key that is named twice is there twice. MOVE, and COPY with DB, have
 * a key of another database: the name of the first, and of the second.
 * @param nameUpper as in `commandFacts`. @param args all of them, the name first.
 */
export function keysByRole(nameUpper: string, args: readonly Uint8Array[]): KeysByRole {
  const spec = commandSpec(nameUpper);
  const { keys: roles, unnamed } = commandFacts(nameUpper);
  const places = spec === undefined ? [] : keysBySpec(spec, args);
  const keys = places.flatMap((positions, index) =>
    positions.map((at) => ({ at, role: roles[Math.min(index, roles.length - 1)]! })),
  );
  return {
    keys,
    reads: keys.filter(({ role }) => !INDIFFERENT.has(role)).map(({ at }) => at),
    writes: keys.filter(({ role }) => role !== "read").map(({ at }) => at),
    unnamed: unnamed ?? (nameUpper === "SORT" && sortsByOthers(args) ? "reads" : "none"),
  };
}

/** A server, as far as its commands depend on it. */
export type CommandServer = Pick<ServerFacts, "flavor" | "version"> & {
  /** The Redis version that it says it is compatible with. */
  readonly redisVersion: string;
};

/**
 * Whether a server has a command that changes data; false for one that is none of the servers'. What came after
 * Redis 7.2, the last release from which others are made, Redis has alone, or its row says since when Valkey has it.
 */
export function serverHas(nameUpper: string, server: CommandServer): boolean {
  const { since, sinceValkey } = commandFacts(nameUpper);
  if (server.flavor === "valkey" && sinceValkey !== undefined) {
    return releaseOf(server.version) >= releaseOf(sinceValkey);
  }
  if (since === null) return false;
  const release = releaseOf(since);
  if (server.flavor !== "redis" && release > LAST_COMMON) return false;
  return releaseOf(server.redisVersion) >= release;
}

const LAST_COMMON = 702;
