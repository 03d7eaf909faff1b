import { commandTableData } from "./command-table-data.ts";

/** One rule by which a server finds keys among the arguments (redis: server.h keySpec). */
type KeySpec =
  | {
      readonly kind: "range";
      /** Position of the first key, the name being 0; or a keyword that stands before it. */
      readonly begin: number | { readonly keyword: string; readonly from: number };
      /** Of the last key: relative to the first when not negative, else from the end. */
      readonly last: number;
      readonly step: number;
      /** With `last` negative: only the first 1/limit of the arguments are keys; 0 and 1 are all. */
      readonly limit: number;
    }
  | {
      readonly kind: "count";
      readonly begin: number;
      readonly count: number;
      readonly first: number;
      readonly step: number;
    };

export type CommandSpec = {
  /** Upper case; a subcommand's with its container's, e.g. `XGROUP CREATE`. */
  readonly name: string;
  /** It changes data, so it comes in the stream. */
  readonly write: boolean;
  readonly readOnly: boolean;
  /** Denied by a server that has reached maxmemory. */
  readonly denyOom: boolean;
  /** Not a write, yet a master may send it on: EVAL, PUBLISH, PFCOUNT. */
  readonly mayReplicate: boolean;
  readonly admin: boolean;
  /** By upper-case name; null for what is no container. */
  readonly subcommands: ReadonlyMap<string, CommandSpec> | null;
  readonly keySpecs: readonly KeySpec[];
};

/**
 * What Redis 2.8 to 8.10 and Valkey to 9.1 know about a command; undefined for what is none of theirs (a module's,
 * a fork's, a newer server's). @param nameUpper in upper case; a subcommand as `XGROUP CREATE`.
 */
export function commandSpec(nameUpper: string): CommandSpec | undefined {
  return table.get(nameUpper);
}

/** Whether some server has a command of this name, in upper case. */
export function isCommand(nameUpper: string): boolean {
  return table.has(nameUpper);
}

/** Whether the name of some command begins so, in upper case. */
export function beginsCommand(upper: string): boolean {
  for (const name of table.keys()) if (name.startsWith(upper)) return true;
  return false;
}

/**
 * The positions of the keys among `args`, whose first is the command's name, in the order of the key specs.
 * Positions past the end, of a command that is cut short, are left out. A container's keys are those of the
 * subcommand that `args` names.
 */
export function keysOf(spec: CommandSpec, args: readonly Uint8Array[]): number[] {
  return keysBySpec(spec, args).flat();
}

/** The same for each key spec; the STORE of SORT, which no key spec tells, is the second one of it. */
export function keysBySpec(spec: CommandSpec, args: readonly Uint8Array[]): number[][] {
  if (spec.subcommands !== null && args[1] !== undefined) {
    const sub = spec.subcommands.get(upperCase(args[1]));
    if (sub !== undefined) return keysBySpec(sub, args);
  }
  const keys = spec.keySpecs.map((rule) =>
    rule.kind === "range" ? inRange(rule, args) : counted(rule, args),
  );
  if (spec.name === "SORT") keys.push(sortStore(args));
  // redis: db.c migrateGetKeys: with KEYS, the place of the single key holds an empty string.
  if (spec.name === "MIGRATE" && keys.flat().length > 1) {
    return keys.map((positions) => positions.filter((at) => args[at]!.length > 0));
  }
  return keys;
}

/** redis: db.c getKeysUsingKeySpecs, the range searches. */
function inRange(rule: KeySpec & { kind: "range" }, args: readonly Uint8Array[]): number[] {
  const first =
    typeof rule.begin === "number" ? rule.begin : findKeyword(rule.begin.keyword, rule.begin.from, args);
  if (first === null) return [];
  let last = first + rule.last;
  if (rule.last < 0) {
    last =
      rule.limit <= 1
        ? args.length + rule.last
        : first + Math.trunc((args.length - first) / rule.limit) + rule.last;
  }
  const keys: number[] = [];
  for (let at = first; at <= last && at < args.length; at += rule.step) keys.push(at);
  return keys;
}

/** redis: db.c getKeysUsingKeySpecs, the keynum search. */
function counted(rule: KeySpec & { kind: "count" }, args: readonly Uint8Array[]): number[] {
  const count = args[rule.begin + rule.count];
  if (count === undefined || count.length > 10) return [];
  const total = Number(text(count));
  if (!Number.isInteger(total)) return [];
  const keys: number[] = [];
  const first = rule.begin + rule.first;
  for (let n = 0, at = first; n < total && at < args.length; n++, at += rule.step) keys.push(at);
  return keys;
}

/** The position after a keyword, looked for from `from`, or backwards from the end when that is negative. */
function findKeyword(keyword: string, from: number, args: readonly Uint8Array[]): number | null {
  const [start, end, step] = from > 0 ? [from, args.length - 1, 1] : [args.length + from, 1, -1];
  for (let at = start; at !== end && at >= 1 && at < args.length; at += step) {
    if (upperCase(args[at]!) === keyword) return at + 1;
  }
  return null;
}

/** redis: db.c sortGetKeys: STORE may stand anywhere past the key; the last one counts. */
function sortStore(args: readonly Uint8Array[]): number[] {
  const stores = sortOptions(args).filter(({ word, at }) => word === "STORE" && at + 1 < args.length);
  return stores.slice(-1).map(({ at }) => at + 1);
}

/**
 * Whether a SORT reads keys that it does not name: those of the patterns BY and GET.
 * redis: sort.c lookupKeyByPattern, a pattern without * is none
 */
export function sortsByOthers(args: readonly Uint8Array[]): boolean {
  return sortOptions(args).some(
    ({ word, at }) => (word === "BY" || word === "GET") && args[at + 1]?.includes(ASTERISK) === true,
  );
}

const ASTERISK = 42;
/** With the number of arguments behind each. */
const SORT_OPTIONS: ReadonlyMap<string, number> = new Map([
  ["LIMIT", 2],
  ["GET", 1],
  ["BY", 1],
  ["STORE", 1],
]);

function sortOptions(args: readonly Uint8Array[]): { readonly word: string; readonly at: number }[] {
  const found: { readonly word: string; readonly at: number }[] = [];
  for (let at = 2; at < args.length; at++) {
    const word = upperCase(args[at]!);
    found.push({ word, at });
    at += SORT_OPTIONS.get(word) ?? 0;
  }
  return found;
}

/** Bytes as an upper-case keyword; "" for what is too long to be one. */
function upperCase(bytes: Uint8Array): string {
  return bytes.length > 32 ? "" : text(bytes).toUpperCase();
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

type MutableSpec = Omit<CommandSpec, "subcommands"> & { subcommands: Map<string, CommandSpec> | null };

const table: ReadonlyMap<string, CommandSpec> = readTable(commandTableData);

function readTable(data: string): Map<string, CommandSpec> {
  const commands = new Map<string, MutableSpec>();
  for (const line of data.trim().split("\n")) {
    const [full = "", flags = "", ...specs] = line.split(" ");
    const [container = "", subcommand] = full.split("|");
    const spec: MutableSpec = {
      name: full.replace("|", " "),
      write: flags.includes("w"),
      readOnly: flags.includes("r"),
      denyOom: flags.includes("m"),
      mayReplicate: flags.includes("e"),
      admin: flags.includes("a"),
      subcommands: null,
      keySpecs: specs.filter((text) => text !== "?").map(readKeySpec),
    };
    commands.set(spec.name, spec);
    if (subcommand === undefined) continue;
    // A container sorts before its subcommands.
    const parent = commands.get(container)!;
    parent.subcommands ??= new Map();
    parent.subcommands.set(subcommand, spec);
  }
  return commands;
}

function readKeySpec(text: string): KeySpec {
  const [begin = "", ...rest] = text.slice(1).split(":");
  if (text.startsWith("n")) {
    const [count = 0, first = 0, step = 1] = rest.map(Number);
    return { kind: "count", begin: Number(begin), count, first, step };
  }
  const keyword = text.startsWith("k") ? rest.shift() : undefined;
  const [last = 0, step = 1, limit = 0] = rest.map(Number);
  const start = Number(begin);
  return {
    kind: "range",
    begin: keyword === undefined ? start : { keyword, from: start },
    last,
    step,
    limit,
  };
}
