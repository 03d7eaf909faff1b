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
  | "script"
  | "function"
  | "move"
  | "copy"
  | "expiry"
  | "vendor";

/** Commands whose arguments hold an expiry. */
const EXPIRY = ["SET", "SETEX", "PSETEX", "EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT", "GETEX", "RESTORE"];

export type CommandName = { readonly name: string; readonly rule: CommandRule; readonly upper: Uint8Array };

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
  SCRIPT: "script",
  FUNCTION: "function",
  MOVE: "move",
  COPY: "copy",
  // A marker that some clouds write into the stream of their servers; it is no command of Redis.
  OPINFO: "vendor",
  ...Object.fromEntries(EXPIRY.map((name) => [name, "expiry"] as const)),
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
    const text = Buffer.from(bytes.subarray(start, Math.min(end, start + 64)))
      .toString("latin1")
      .toUpperCase();
    const learned: CommandName = {
      name: /^[\x21-\x7e]+$/.test(text) ? text : JSON.stringify(text),
      rule: RULES[text] ?? "forward",
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
