import type { TributaryError } from "../../errors/tributary-error.ts";
import { dumpVersion, valueOfDump } from "../../rdb/dump-footer.ts";
import { TYPE_MODULE_2 } from "../../rdb/rdb-type.ts";
import { typeOfDump } from "../../rdb/rdb-version.ts";
import type { RdbEntry } from "../../rdb/rdb-visitor.ts";
import { parseExpiryTime } from "../../redis/expiry-time.ts";
import type { ReplyHandler } from "../../redis/reply-scanner.ts";
import { commandSample } from "../commands/command-sample.ts";
import { ownStateErrorOf, rejectionCode, stateErrorOf } from "../destination/destination-answer.ts";
import type { DestinationLink } from "../destination/destination-link.ts";
import type { RefusalLog } from "../ledger/refusal-log.ts";
import { OffsetsOfCommands } from "./offsets-of-commands.ts";

/** What the initial sync counts as it goes; bytes and keys count as applied once the destination has answered. */
export type LoadProgress = {
  keysTotal: number | null;
  bytesApplied: number;
  keysApplied: number;
  keysSkipped: number;
  keysRejected: number;
  /** Keys that are another shard's by the ring. */
  keysSetAside: number;
  /** Keys by the source's databases that are not synchronized. */
  readonly keysLeftOut: Map<number, number>;
  /** All keys are there; what the source has deleted meanwhile is being removed. */
  reconciling?: boolean;
};

/** Counts that begin at nothing. */
export function noProgress(): LoadProgress {
  return {
    keysTotal: null,
    bytesApplied: 0,
    keysApplied: 0,
    keysSkipped: 0,
    keysRejected: 0,
    keysSetAside: 0,
    keysLeftOut: new Map(),
  };
}

/** A value that the destination cannot RESTORE, kept until it can be decoded outside of the parser's stretch. */
export type UndecodedValue = {
  /** Destination database. */
  readonly db: number;
  readonly entry: RdbEntry;
  readonly bytes: Buffer;
};

/** Where parser and writer were at one moment, so that replies can be told as bytes and keys. */
type Mark = { readonly commands: number; readonly position: number; readonly keys: number };

/**
 * Commands that a destination may really not have: those of streams (5.0) and of fields that expire (7.4), and what is
 * not needed for the keys. One of the others that is not known was renamed, which can be undone.
 */
const NOT_EVERYWHERE = /^(X[A-Z]+|HPEXPIREAT|SCRIPT|FUNCTION|RESTORE)$/;

/** Follows the destination's answers to an initial sync: progress, refused keys, and states to wait for. */
export class LoadReplies implements ReplyHandler {
  /** Commands that have been answered. */
  seen = 0;
  readonly #progress: LoadProgress;
  readonly #refusals: RefusalLog;
  readonly #address: string;
  #link: DestinationLink | null = null;
  #failure: TributaryError | null = null;
  #marks: Mark[] = [];
  #refused: UndecodedValue[] = [];
  readonly #restores = new OffsetsOfCommands();
  #db: number;
  /** Databases that are selected by commands which are not answered yet. */
  readonly #selections: { readonly command: number; readonly db: number }[] = [];

  /** @param db the destination database that is selected when the first command goes out. */
  constructor(progress: LoadProgress, refusals: RefusalLog, address: string, db: number) {
    this.#progress = progress;
    this.#refusals = refusals;
    this.#address = address;
    this.#db = db;
  }

  attach(link: DestinationLink): void {
    this.#link = link;
  }

  /** @throws the state of the destination that stopped the load, if one did. */
  check(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  /** Once `commands` commands are answered, the RDB counts as applied up to `position`, and `keys` keys. */
  mark(commands: number, position: number, keys: number): void {
    this.#marks.push({ commands, position, keys });
    this.#pass();
  }

  /** The command with this index selects a database: what comes after it is answered for that one. */
  select(command: number, db: number): void {
    this.#selections.push({ command, db });
  }

  /** The command with this index is the RESTORE of a value that begins there in the RDB. */
  restore(command: number, offset: number): void {
    this.#restores.add(command, offset);
  }

  /** True while values wait that the destination refused to RESTORE. */
  get anyRefused(): boolean {
    return this.#refused.length > 0;
  }

  /** Those values, to be sent as native commands. */
  takeRefused(): UndecodedValue[] {
    const refused = this.#refused;
    this.#refused = [];
    return refused;
  }

  value(depth: number): boolean {
    if (depth === 0) this.#answered();
    return false;
  }

  text(): void {}

  array(depth: number, count: number): void {
    if (depth === 0 && count < 0) this.#answered();
  }

  arrayEnd(): void {
    this.#answered();
  }

  error(depth: number, text: string): void {
    if (depth > 0) return;
    // The last answer of a destination that closes the connection: see DestinationLimits.
    if (text.startsWith("ERR Protocol error")) this.#link?.fail(text);
    const args = this.#link?.argumentsOf(this.seen) ?? [];
    const name = Buffer.from(args[0] ?? []).toString("latin1");
    const stateOf = NOT_EVERYWHERE.test(name) ? stateErrorOf : ownStateErrorOf;
    const state = stateOf(text, this.#address, name);
    if (state !== null) this.#failure ??= state;
    else if (!this.#decodeInstead(name, args, text)) this.#reject(name, args, text);
    this.#answered();
  }

  #reject(name: string, args: readonly Uint8Array[], text: string): void {
    this.#progress.keysRejected++;
    const [, key] = args;
    const what = () => (key === undefined ? name : commandSample([key], 1));
    this.#refusals.lose("rejected", name, this.#db, rejectionCode(text), text, what);
  }

  /** The destination does not know the encoding after all: its value is sent as native commands. */
  #decodeInstead(name: string, args: readonly Uint8Array[], text: string): boolean {
    const [, key, ttl, payload] = args;
    if (name !== "RESTORE" || !/Bad data format|payload version or checksum/i.test(text)) return false;
    if (key === undefined || ttl === undefined || payload === undefined || dumpVersion(payload) === null)
      return false;
    if (payload[0] === TYPE_MODULE_2) return false;
    const expireAt = parseExpiryTime(Buffer.from(ttl).toString("latin1")) ?? -1;
    const absolute = args.some((arg) => Buffer.from(arg).equals(ABSTTL));
    this.#refused.push({
      db: this.#db,
      entry: {
        db: this.#db,
        key: key.slice(),
        type: typeOfDump(payload),
        expireAt: expireAt > 0 && absolute ? expireAt : -1,
        idle: -1,
        freq: -1,
        offset: this.#restores.offsetOf(this.seen),
      },
      bytes: Buffer.from(valueOfDump(payload)),
    });
    return true;
  }

  #answered(): void {
    if (this.#selections[0]?.command === this.seen) this.#db = this.#selections.shift()!.db;
    this.#restores.passed(this.seen);
    this.seen++;
    this.#pass();
  }

  #pass(): void {
    // Also between two marks: a large value alone fills all that may be in flight.
    this.#link?.release(this.seen);
    let passed = 0;
    while (passed < this.#marks.length && this.#marks[passed]!.commands <= this.seen) passed++;
    if (passed === 0) return;
    const { position, keys } = this.#marks[passed - 1]!;
    this.#progress.bytesApplied = position;
    this.#progress.keysApplied = Math.max(0, keys - this.#progress.keysRejected);
    this.#marks.splice(0, passed);
  }
}

const ABSTTL = Buffer.from("ABSTTL");
