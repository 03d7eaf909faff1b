import type { CommandScanner } from "../redis/command-scanner.ts";
import { commandSpec, keysOf } from "../redis/command-table.ts";

/**
 * Why a key is doubtful. While the stream is behind, a key may expire on the destination although the source
 * has renewed it in time: a later command then builds on a value that is gone. Keys that such a command leaves
 * (`copy`) are copied again as soon as the stream is live. Of all other keys written meanwhile (`ask`) the
 * source is asked: if one has expired there, its DEL comes at once instead of some time.
 *
 * The keys are noted in a set on the destination, in the transaction of their commands, so that the notes
 * outlive this process.
 */
export type Doubt = "copy" | "ask";
export type DoubtfulKey = { readonly doubt: Doubt; readonly db: number; readonly key: Buffer };

/** Commands that give a key that is there another expiry, or none. */
const RENEWING = new Set(["EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT", "PERSIST", "GETEX"]);
/** Commands that say all that their keys are afterwards: what was there before, or was gone, is nothing to them. */
const BLIND = new Set(["SET", "SETEX", "PSETEX", "MSET", "RESTORE", "DEL", "UNLINK", "TOUCH"]);
/** Keys that are asked for, in one session; the others are left to the source's own pace. */
const MAX_ASKED = 100_000;
/** Members that are remembered so as not to be noted twice. */
const MAX_REMEMBERED = 200_000;

/** Gathers the doubtful keys of the batch at hand. */
export class DoubtfulKeys {
  #members: Buffer[] = [];
  readonly #remembered = new Set<string>();
  #asked = 0;

  /** Notes the keys of the command in `bytes`, of the source's database `db`. */
  note(name: string, db: number, bytes: Uint8Array, scanner: CommandScanner): void {
    if (BLIND.has(name) && !(name === "SET" && keepsExpiry(bytes, scanner))) return;
    const copied = keysToCopy(name, bytes, scanner);
    for (const key of copied) this.#add("copy", db, key);
    if (copied.length > 0 || scanner.seen < 2 || this.#asked >= MAX_ASKED) return;
    if (this.#add("ask", db, argumentAt(bytes, scanner, 1))) this.#asked++;
  }

  /** What has been noted since the last call, as members of the set. */
  take(): Buffer[] {
    const members = this.#members;
    this.#members = [];
    return members;
  }

  #add(doubt: Doubt, db: number, key: Buffer): boolean {
    const member = Buffer.concat([Buffer.from(`${doubt} ${db}:`), key]);
    const text = member.toString("latin1");
    if (this.#remembered.has(text)) return false;
    if (this.#remembered.size < MAX_REMEMBERED) this.#remembered.add(text);
    this.#members.push(member);
    return true;
  }
}

/** @throws Error on what DoubtfulKeys did not write. */
export function parseDoubtfulKey(member: Buffer): DoubtfulKey {
  const colon = member.indexOf(0x3a);
  const match = /^(copy|ask) (\d{1,9})$/.exec(member.toString("latin1", 0, Math.max(0, colon)));
  if (match === null) throw new Error("a doubtful key cannot be read");
  return { doubt: match[1] as Doubt, db: Number(match[2]), key: member.subarray(colon + 1) };
}

/** The keys of a command that reads what may be gone; empty for most commands. */
function keysToCopy(name: string, bytes: Uint8Array, scanner: CommandScanner): Buffer[] {
  if (RENEWING.has(name)) return scanner.seen > 1 ? [argumentAt(bytes, scanner, 1)] : [];
  if (scanner.argc < 3) return [];
  const spec = commandSpec(name);
  if (spec === undefined) return [];
  const noted = Math.min(scanner.seen, scanner.starts.length);
  const args = Array.from({ length: noted }, (_, index) => argumentAt(bytes, scanner, index));
  const positions = keysOf(spec, args);
  return positions.length < 2 ? [] : positions.map((position) => args[position]!);
}

/** SET … KEEPTTL, as INCRBYFLOAT is propagated. */
function keepsExpiry(bytes: Uint8Array, scanner: CommandScanner): boolean {
  for (let index = 3; index < Math.min(scanner.seen, scanner.starts.length); index++) {
    if (argumentAt(bytes, scanner, index).toString("latin1").toUpperCase() === "KEEPTTL") return true;
  }
  return false;
}

function argumentAt(bytes: Uint8Array, scanner: CommandScanner, index: number): Buffer {
  return Buffer.from(bytes.subarray(scanner.starts[index]!, scanner.ends[index]!));
}
