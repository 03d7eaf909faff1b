import { commandFacts, firstKeyAt, type KeyCount, keyCountOf } from "../../redis/command-facts.ts";
import type { CommandFacts, WatchKind } from "../../redis/command-facts-row.ts";
import { commandSpec } from "../../redis/command-table.ts";

/** What the filter has to know of a command; all others are forwarded as they are. */
export type CommandRule =
  | "forward"
  | "ping"
  | "replconf"
  | "select"
  | "multi"
  | "exec"
  | "flush"
  | "publish"
  | "eval"
  | "script"
  | "function"
  | "move"
  | "copy"
  | "expiry"
  | "newer"
  | "msetex"
  | "vendor";

/** Who may have written a command into the stream: the server by itself, somebody, or either of them. */
export type CommandOrigin = "server" | "client" | "either";

export type CommandName = {
  readonly name: string;
  readonly rule: CommandRule;
  readonly origin: CommandOrigin;
  readonly watch: WatchKind;
  /** What is known of it, whatever the destination. */
  readonly facts: CommandFacts;
  /** How many keys it may name. */
  readonly keys: KeyCount;
  /** Where the first of them stands among the arguments, the name being 0. */
  readonly keyAt: number;
  /** Its key may be gone afterwards: it does more than to add to it. */
  readonly mayRemove: boolean;
  readonly upper: Uint8Array;
};

const RULES: Readonly<Record<string, CommandRule>> = {
  PING: "ping",
  REPLCONF: "replconf",
  SELECT: "select",
  MULTI: "multi",
  EXEC: "exec",
  FLUSHALL: "flush",
  FLUSHDB: "flush",
  SWAPDB: "flush",
  PUBLISH: "publish",
  SPUBLISH: "publish",
  EVAL: "eval",
  EVALSHA: "eval",
  SCRIPT: "script",
  FUNCTION: "function",
  MOVE: "move",
  COPY: "copy",
  MSETEX: "msetex",
  // A marker that some clouds write into the stream of their servers; it is no command of Redis.
  OPINFO: "vendor",
};

/** MULTI and EXEC stand round what counts; a vendor's markers are its servers' own. */
const OF_SERVER: ReadonlySet<CommandRule> = new Set([
  "ping",
  "replconf",
  "select",
  "multi",
  "exec",
  "vendor",
]);
/** What a server says when a key, or a field, has expired, and when it evicts one. */
const EITHER: ReadonlySet<string> = new Set(["DEL", "UNLINK", "HDEL"]);

function originOf(name: string, rule: CommandRule): CommandOrigin {
  if (EITHER.has(name)) return "either";
  return OF_SERVER.has(rule) ? "server" : "client";
}

/** What the filter has to know of a command that has no rule of its own. */
function ruleOf({ expiry, otherForm }: CommandFacts): CommandRule {
  if (expiry !== undefined) return "expiry";
  return otherForm ? "newer" : "forward";
}

/** A command by its name, in upper case. */
export function commandNamed(name: string, upper: Uint8Array = Buffer.from(name, "latin1")): CommandName {
  const facts = commandFacts(name);
  const rule = RULES[name] ?? ruleOf(facts);
  return {
    name,
    rule,
    origin: originOf(name, rule),
    watch: facts.watch ?? (rule === "function" ? "library" : "none"),
    facts,
    keys: keyCountOf(name),
    keyAt: firstKeyAt(name),
    // What a full server denies can only make values grow.
    mayRemove: commandSpec(name)?.denyOom !== true,
    upper,
  };
}

const MAX_NAMES = 4096;

/** Finds a command's rule by the bytes of its name, in any case, without making a string for each command. */
export class CommandNames {
  readonly #buckets = new Map<number, CommandName[]>();
  #count = 0;

  lookup(bytes: Uint8Array, start: number, end: number): CommandName {
    let hash = end - start;
    for (let index = start; index < end; index++) hash = (Math.imul(hash, 31) + (bytes[index]! & 0xdf)) | 0;
    const bucket = this.#buckets.get(hash);
    if (bucket !== undefined) {
      for (const name of bucket) if (equals(name.upper, bytes, start, end)) return name;
    }
    return this.#learn(hash, bytes, start, end);
  }

  #learn(hash: number, bytes: Uint8Array, start: number, end: number): CommandName {
    const name = shownName(bytes.subarray(start, end));
    const learned = commandNamed(name, Uint8Array.from(bytes.subarray(start, end), toUpper));
    if (this.#count < MAX_NAMES && end - start <= 64) {
      this.#count++;
      const bucket = this.#buckets.get(hash);
      if (bucket === undefined) this.#buckets.set(hash, [learned]);
      else bucket.push(learned);
    }
    return learned;
  }
}

/** A command's name as it is shown and remembered: in upper case, its first 64 bytes. */
export function shownName(name: Uint8Array): string {
  const text = Buffer.from(name.subarray(0, 64)).toString("latin1").toUpperCase();
  return /^[\x21-\x7e]+$/.test(text) ? text : JSON.stringify(text);
}

function equals(upper: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (upper.length !== end - start) return false;
  for (let index = 0; index < upper.length; index++) {
    if (upper[index] !== toUpper(bytes[start + index]!)) return false;
  }
  return true;
}

function toUpper(byte: number): number {
  return byte >= 97 && byte <= 122 ? byte - 32 : byte;
}
