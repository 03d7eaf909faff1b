import { DOWNGRADED } from "./command-downgrade.ts";

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

/** Commands whose arguments hold an expiry. */
const EXPIRY = ["SET", "SETEX", "PSETEX", "EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT", "GETEX", "RESTORE"];

/**
 * Why the destination's answer to a command is watched:
 * - renewal: it says whether the key was there;
 * - moved: it says whether there was something to move, to rename or to copy;
 * - fields: it says so for each field of a hash;
 * - sources: it does not say whether the keys it reads were there, so they are asked for before;
 * - restored: it says whether the value could be restored;
 * - script: it is what the script returned.
 */
export type WatchKind = "none" | "renewal" | "moved" | "fields" | "sources" | "restored" | "script";

const WATCHES: Readonly<Record<Exclude<WatchKind, "none">, readonly string[]>> = {
  renewal: ["EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT", "PERSIST", "GETEX"],
  moved: ["RENAME", "RENAMENX", "COPY", "MOVE", "SMOVE", "LMOVE", "BLMOVE", "RPOPLPUSH", "BRPOPLPUSH"],
  fields: ["HEXPIRE", "HPEXPIRE", "HEXPIREAT", "HPEXPIREAT", "HPERSIST", "HGETEX", "HSETEX"],
  sources: [
    ...[
      "SUNIONSTORE",
      "SINTERSTORE",
      "SDIFFSTORE",
      "ZUNIONSTORE",
      "ZINTERSTORE",
      "ZDIFFSTORE",
      "ZRANGESTORE",
    ],
    ...["GEOSEARCHSTORE", "GEORADIUS", "GEORADIUSBYMEMBER", "SORT", "BITOP", "PFMERGE"],
  ],
  restored: ["RESTORE"],
  script: ["EVAL", "EVALSHA"],
};
const WATCHED: ReadonlyMap<string, WatchKind> = new Map(
  Object.entries(WATCHES).flatMap(([kind, names]) => names.map((name) => [name, kind as WatchKind] as const)),
);

export type CommandName = {
  readonly name: string;
  readonly rule: CommandRule;
  readonly watch: WatchKind;
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
  ...Object.fromEntries(EXPIRY.map((name) => [name, "expiry"] as const)),
  ...Object.fromEntries(DOWNGRADED.map((name) => [name, "newer"] as const)),
};

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
    const learned: CommandName = {
      name,
      rule: RULES[name] ?? "forward",
      watch: WATCHED.get(name) ?? "none",
      upper: Uint8Array.from(bytes.subarray(start, end), toUpper),
    };
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
