import type { CommandWriter } from "../redis/command-writer.ts";
import type { ExpiryTime } from "../redis/expiry-time.ts";
import type { ValueLoss } from "./value-writing.ts";

/** One key of the RDB with its value still encoded. The parser reuses one object: nothing of it may be kept. */
export type RdbEntry = {
  /** Source database. */
  db: number;
  /** Key, decoded. A view that is valid during the call only. */
  key: Uint8Array;
  /**
   * The RDB's value type byte (redis: rdb.h RDB_TYPE_*); Valkey's hash with field expiry, which shares its byte
   * with a type of Redis, is 0x116 (rdb-type.ts) and becomes that byte again when it is stored in one.
   */
  type: number;
  /** Absolute expiry in ms since the epoch; -1 without one. */
  expireAt: ExpiryTime;
  /** LRU idle time in seconds, -1 unknown. */
  idle: number;
  /** LFU frequency 0-255, -1 unknown. */
  freq: number;
  /** Where the value begins in the RDB, for messages; -1 unknown. */
  offset: number;
};

/**
 * What the parser tells as it reads. Calls come in file order, synchronously but for those that return a
 * promise, which is awaited before the parser goes on.
 */
export interface RdbVisitor {
  header(magic: "REDIS" | "VALKEY", version: number): void;
  aux(name: string, value: Buffer): void;
  resizeDb(db: number, keys: number, expires: number): void;
  /** FUNCTION2: the source code of one library. */
  functionLibrary(code: Buffer): void;
  /**
   * A key whose whole value lies in `bytes[start, end)`, exactly as the RDB (and a RESTORE payload) holds it
   * after the type byte. The view is valid during the call only.
   */
  value(entry: RdbEntry, bytes: Uint8Array, start: number, end: number): void;
  /**
   * A key whose value is larger than the threshold: `writeCommands` decodes it piece by piece as native
   * commands. It must be called and awaited, or the value is skipped when this returns without calling it.
   */
  largeValue(entry: RdbEntry, writeCommands: (out: CommandWriter) => Promise<void>): Promise<void>;
  /**
   * A whole value of a module, as `value` has it; `type` is the type's name of nine characters. False leaves it to
   * `unsupported`.
   */
  moduleValue?(entry: RdbEntry, type: string, bytes: Uint8Array, start: number, end: number): boolean;
  /** A key whose type cannot be copied (a module value); `what` names the module or the type. */
  unsupported(entry: RdbEntry, what: string): void;
  /**
   * Something that could not be carried over: a part of the value that `writeCommands` has just written, or,
   * with no entry, a section of the RDB (module data, functions of a pre-release).
   */
  loss?(entry: RdbEntry | null, what: ValueLoss): void;
  /** After each stretch of input (at most a few hundred KB): the place for back-pressure. `position` is in bytes of the RDB. */
  progress(position: number): Promise<void> | undefined;
}
