import { commandFacts } from "../../redis/command-facts.ts";
import type { CommandScanner } from "../../redis/command-scanner.ts";
import { argumentAt } from "../commands/command-arguments.ts";
import { knownKeys } from "../commands/known-keys.ts";

/**
 * Why a key is doubtful: it may have expired on the destination although the source has renewed it in time, and
 * a later command then built on a value that was gone.
 * - copy: it is copied again as soon as the stream is live.
 * - decode: so, and by native commands, since the destination has refused to RESTORE it.
 * - ask: it was written while the stream was behind. The source is asked for it: if it has expired there, its DEL
 *   comes at once instead of some time.
 *
 * Or the destination did not take what the stream did to it:
 * - limit: it is copied again, or removed where it is too large.
 *
 * Or it was written by a command that the destination could not run, since other shards' keys lie there, too:
 * - merge: it is copied again; where the shard does not hold it, the others are asked.
 *
 * Or somebody has noted it (note-repairs.ts), since a verification found that it is other than it should be:
 * - repair: it is copied again; where no shard of the task holds it, it is removed, unless it may be another task's.
 *
 * Or another shard sync has noted it:
 * - stray: another shard has written a copy of this shard's key, or this one has given up a key of which there are
 *   copies. If this shard does not hold it, a copy may stand for it;
 * - taken: so, and it is being decided. What is noted as a stray from then on is not what has been looked at;
 * - restore: another shard has removed it. If this one holds it, it is copied again.
 *
 * The database of these three is the destination's, of the others the source's.
 *
 * - script: no key, but what is noted of a script, as `<code> <SHA1>`: it is told (script-notes.ts).
 */
export const DOUBTS = [
  "copy",
  "decode",
  "ask",
  "limit",
  "merge",
  "repair",
  "stray",
  "taken",
  "restore",
  "script",
] as const;
export type Doubt = (typeof DOUBTS)[number];
/** Until it is copied, the destination may not have its value. */
const COPIED: readonly Doubt[] = ["copy", "decode", "limit", "merge", "repair"];
export type DoubtfulKey = { readonly doubt: Doubt; readonly db: number; readonly key: Buffer };

/** Keys that are asked for, in one session; the others are left to the source's own pace. */
const MAX_ASKED = 100_000;
/** Members of the set that are known here; with more, every key counts as one. */
export const MAX_PENDING = 200_000;
/** Mere suspicions: so many are noted in a second, after a quiet time at once; the others are let go. */
const SUSPECTS_PER_SECOND = 200;
const MAX_SUSPECTS = 2000;

/**
 * Gathers the doubtful keys of one shard until a transaction notes them in a set on the destination. A key that
 * the stream makes doubtful is noted in the transaction of its command, so that the note outlives this process;
 * one that an answer makes doubtful, in the next.
 */
export class DoubtfulKeys {
  readonly #now: () => number;
  #members: Buffer[] = [];
  /** Taken, but not known to be noted. */
  #underway: Buffer[] = [];
  /** Transactions in which a script may have noted some by itself. */
  ofScripts = 0;
  /** Noted and not yet copied again. */
  readonly #pending = new Set<string>();
  /** Copied at a place of the stream that the destination has not answered for yet. */
  readonly #settling = new Set<string>();
  /** There may be others in the set. */
  #othersPending = true;
  #asked = 0;
  #suspects = MAX_SUSPECTS;
  #suspectedAt: number;

  constructor(now: () => number) {
    this.#now = now;
    this.#suspectedAt = now();
  }

  /** A connection begins: what was underway may not have come, and the stream is read again. */
  begin(): void {
    this.#members = [...this.#underway, ...this.#members];
    this.#underway = [];
    this.#pending.clear();
    this.#settling.clear();
    for (const member of this.#members) this.#remember(member.toString("latin1"));
    this.#othersPending = true;
    this.#asked = 0;
  }

  /** What was in the set already; `whole` where that is all. */
  adopt(members: readonly Buffer[], whole: boolean): void {
    this.#othersPending = !whole;
    for (const member of members) this.#remember(member.toString("latin1"));
  }

  /** Some that are in the set: a script may have noted them. */
  learn(members: readonly Buffer[]): void {
    for (const member of members) this.#remember(member.toString("latin1"));
  }

  /** The set is empty. */
  settled(): void {
    if (this.unnoted) return;
    this.#pending.clear();
    this.#othersPending = false;
  }

  /** Notes all keys of a command that builds one key from another, where one of them is still to be copied. */
  noteWherePending(name: string, db: number, bytes: Uint8Array, scanner: CommandScanner): void {
    if (this.#pending.size === 0 && !this.#othersPending) return;
    const keys = keysToCopy(name, bytes, scanner);
    const pending = (key: Buffer) =>
      COPIED.some((doubt) => this.#pending.has(doubtfulMember(doubt, db, key).toString("latin1")));
    if (this.#othersPending || keys.some(pending)) for (const key of keys) this.doubt("copy", db, key);
  }

  /** Notes the keys of the command in `bytes`, of the source's database `db`, while the stream is behind. */
  note(name: string, db: number, bytes: Uint8Array, scanner: CommandScanner): void {
    const facts = commandFacts(name);
    if (facts.blind && !(facts.blind === "without KEEPTTL" && keepsExpiry(bytes, scanner))) return;
    const copied = keysToCopy(name, bytes, scanner);
    for (const key of copied) this.doubt("copy", db, key);
    if (copied.length > 0 || facts.watch === "script" || scanner.seen < 2 || this.#asked >= MAX_ASKED) return;
    if (this.doubt("ask", db, argumentAt(bytes, scanner, 1))) this.#asked++;
  }

  /** @returns false where it is noted already. */
  doubt(doubt: Doubt, db: number, key: Uint8Array): boolean {
    const member = doubtfulMember(doubt, db, key);
    const text = member.toString("latin1");
    if (this.#pending.has(text)) return false;
    this.#remember(text);
    this.#members.push(member);
    return true;
  }

  #remember(text: string): void {
    if (this.#pending.size < MAX_PENDING) this.#pending.add(text);
    else this.#othersPending = true;
  }

  /** A key that is probably as it should be: to be copied again unless there are too many like it. */
  suspect(db: number, key: Uint8Array): void {
    const now = this.#now();
    const earned = (Math.max(0, now - this.#suspectedAt) / 1000) * SUSPECTS_PER_SECOND;
    this.#suspects = Math.min(MAX_SUSPECTS, this.#suspects + earned);
    this.#suspectedAt = now;
    if (this.#suspects < 1) return;
    this.#suspects--;
    this.doubt("copy", db, key);
  }

  /** True while something is to be noted. */
  get waiting(): boolean {
    return this.#members.length > 0;
  }

  /** True while something is not known to be noted, so that the set on the destination does not tell all. */
  get unnoted(): boolean {
    return this.waiting || this.#underway.length > 0;
  }

  /** What is to be noted now, as members of the set; to be confirmed by `noted`. */
  take(): Buffer[] {
    const members = this.#members;
    this.#members = [];
    this.#underway = members;
    return members;
  }

  /** The transaction that notes what was taken has been applied. */
  noted(): void {
    this.#underway = [];
  }

  /** These leave the set at this place of the stream: what is noted from now on is new. */
  forget(members: readonly Buffer[]): void {
    for (const member of members) {
      const text = member.toString("latin1");
      if (this.#pending.delete(text)) this.#settling.add(text);
    }
  }

  /** The destination has answered for the place at which these were forgotten. */
  answeredFor(members: readonly Buffer[]): void {
    for (const member of members) this.#settling.delete(member.toString("latin1"));
  }

  /** Whether `mayBeOld` may be true of any key. */
  get anyOld(): boolean {
    return this.#othersPending || this.#pending.size + this.#settling.size > 0;
  }

  /** Whether a command for which the destination answers now may have met a value of the key that was not the source's. */
  mayBeOld(db: number, key: Uint8Array): boolean {
    if (this.#othersPending) return true;
    return COPIED.some((doubt) => {
      const text = doubtfulMember(doubt, db, key).toString("latin1");
      return this.#pending.has(text) || this.#settling.has(text);
    });
  }
}

/** As it lies in the set. */
export function doubtfulMember(doubt: Doubt, db: number, key: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${doubt} ${db}:`), key]);
}

/** @throws Error on what DoubtfulKeys did not write. */
export function parseDoubtfulKey(member: Buffer): DoubtfulKey {
  const colon = member.indexOf(0x3a);
  const match = /^([a-z]+) (\d{1,9})$/.exec(member.toString("latin1", 0, Math.max(0, colon)));
  const doubt = DOUBTS.find((one) => one === match?.[1]);
  if (match === null || doubt === undefined) throw new Error("a doubtful key cannot be read");
  return { doubt, db: Number(match[2]), key: member.subarray(colon + 1) };
}

/** The keys of a command that reads what may be gone; empty for most commands. */
function keysToCopy(name: string, bytes: Uint8Array, scanner: CommandScanner): Buffer[] {
  const { watch } = commandFacts(name);
  if (watch === "renewal" || watch === "fields")
    return scanner.seen > 1 ? [argumentAt(bytes, scanner, 1)] : [];
  if (scanner.argc < 3) return [];
  const keys = knownKeys(name, bytes, scanner);
  return keys.length < 2 && watch !== "script" ? [] : keys;
}

/** SET … KEEPTTL, as INCRBYFLOAT is propagated. */
function keepsExpiry(bytes: Uint8Array, scanner: CommandScanner): boolean {
  for (let index = 3; index < Math.min(scanner.seen, scanner.starts.length); index++) {
    if (argumentAt(bytes, scanner, index).toString("latin1").toUpperCase() === "KEEPTTL") return true;
  }
  return false;
}
