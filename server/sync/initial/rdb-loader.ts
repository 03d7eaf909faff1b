import { namingKey } from "../../rdb/broken-value.ts";
import { RdbInput } from "../../rdb/rdb-input.ts";
import { TYPE_MODULE_2, TYPE_STRING } from "../../rdb/rdb-type.ts";
import { writeValueCommands } from "../../rdb/rdb-value.ts";
import type { RdbEntry, RdbVisitor } from "../../rdb/rdb-visitor.ts";
import type { ValueLoss } from "../../rdb/value-writing.ts";
import type { CommandWriter } from "../../redis/command-writer.ts";
import type { ExpiryTime } from "../../redis/expiry-time.ts";
import { isHeartbeatKey } from "../checkpoint/own-keys.ts";
import { commandSample } from "../commands/command-sample.ts";
import type { DestinationAbilities } from "../destination/destination-abilities.ts";
import type { DestinationLink } from "../destination/destination-link.ts";
import { leftOutMember } from "../doubtful/left-out-keys.ts";
import type { RefusalLog } from "../ledger/refusal-log.ts";
import type { StreamLedger } from "../ledger/stream-ledger.ts";
import type { KeyFingerprintWriter } from "../reconcile/key-fingerprint-writer.ts";
import type { FunctionLibraries } from "../scripting/function-libraries.ts";
import { type ScriptLibrary, scriptSha } from "../scripting/script-library.ts";
import { storing } from "../scripting/script-rewriter.ts";
import {
  type DestinationDatabases,
  destinationDb,
  requireDatabase,
  sourceDbs,
} from "../spec/database-map.ts";
import type { DatabaseMap } from "../spec/shard-sync-spec.ts";
import type { TaskMerge } from "../strays/task-merge.ts";
import { LinkCommandWriter } from "./link-command-writer.ts";
import type { LoadProgress, LoadReplies, UndecodedValue } from "./load-replies.ts";
import { ValueWriter } from "./value-writer.ts";

/** Why a key of the shard is not written. */
const KEPT = "the destination held a key of this name before the task began, and it is kept";
/** Owners of keys are told of so many strays at a time. */
const NOTICES = 500;
/** Strings of the RDB that are integers or compressed begin with this or more. */
const SPECIAL = 0xc0;

export type RdbLoaderOptions = {
  readonly databases: DatabaseMap;
  /** Those that the destination has. */
  readonly present: DestinationDatabases;
  readonly linkDb: number;
  readonly abilities: DestinationAbilities;
  readonly refusals: RefusalLog;
  /** Who keeps the keys that the destination does not take, and the set in the link's first database that holds them. */
  readonly leftOut: { readonly ledger: StreamLedger; readonly key: string };
  readonly progress: LoadProgress;
  /** Notes every key of the RDB's selected databases. */
  /** null where nobody will ask which keys there were. */
  readonly keys: KeyFingerprintWriter | null;
  /** Keys of the destination's own databases that are not written; null where there are none. */
  readonly kept: ((db: number, key: Uint8Array) => boolean) | null;
  /** The bodies of EVALSHA's scripts, and the hash in the link's first database that holds them. */
  readonly scripts: { readonly library: ScriptLibrary; readonly storeKey: string };
  readonly functions: FunctionLibraries;
  readonly merge: TaskMerge;
  /** The expiry to write for one in the RDB, ms since the epoch. */
  readonly expiry: (expireAt: ExpiryTime, target: number, key: Uint8Array) => ExpiryTime;
  /** What is to be noted of an expiry before it is written, in the link's first database. */
  readonly expiryNotes: () => readonly Buffer[];
  readonly role: string;
  readonly now: () => number;
};

/**
 * In: a shard's RDB, key by key. Out: one command or more on the destination for each key, pipelined without
 * transactions: until the checkpoint is written after the last reply, a failure begins the RDB again.
 */
export class RdbLoader implements RdbVisitor {
  /** The database that the stream after this RDB begins with (AUX repl-stream-db, of a cascaded replica). */
  streamDb = 0;
  readonly #options: RdbLoaderOptions;
  readonly #values: ValueWriter;
  readonly #link: DestinationLink;
  readonly #replies: LoadReplies;
  readonly #writer: LinkCommandWriter;
  #linkDb: number;
  #keys = 0;
  #undecoded: UndecodedValue[] = [];

  constructor(link: DestinationLink, replies: LoadReplies, options: RdbLoaderOptions) {
    this.#link = link;
    this.#replies = replies;
    this.#writer = new LinkCommandWriter(link);
    this.#options = options;
    this.#values = new ValueWriter(options.abilities, options.now);
    this.#linkDb = options.linkDb;
    // What the source knew before this RDB is nothing to the stream that follows it.
    options.scripts.library.clear();
    this.#writer.command("DEL", options.scripts.storeKey);
    options.leftOut.ledger.leftOut.clear();
    this.#writer.command("DEL", options.leftOut.key);
  }

  /** Resolves when the destination has answered everything. @throws what made it impossible. */
  async finish(position: number): Promise<void> {
    for (;;) {
      await this.#decodeWaiting();
      this.#notifyOwners();
      // The stream takes the link over as it was given.
      this.#select(this.#options.linkDb);
      this.#replies.mark(this.#link.commands, position, this.#keys);
      this.#link.flush();
      this.#check();
      if (this.#replies.seen >= this.#link.commands) {
        if (!this.#replies.anyRefused) return;
      } else {
        await this.#link.changed();
      }
    }
  }

  // ── what the parser tells ──

  header(): void {}

  aux(name: string, value: Buffer): void {
    if (name === "repl-stream-db") this.streamDb = Number(value.toString("latin1"));
    // redis: rdb.c rdbSaveRio — up to 6.x an RDB carries the scripts of EVALSHA.
    if (name !== "lua") return;
    this.#select(this.#options.linkDb);
    this.#writer.command("SCRIPT", "LOAD", value);
    for (const bytes of storing(this.#options.scripts, scriptSha(value), value)) {
      this.#link.append(bytes, 0, bytes.length, 1);
    }
  }

  resizeDb(db: number, keys: number): void {
    if (destinationDb(this.#options.databases, db) === null) return;
    this.#options.progress.keysTotal = (this.#options.progress.keysTotal ?? 0) + keys;
  }

  functionLibrary(code: Buffer): void {
    if (this.#options.abilities.functions) {
      this.#writer.command("FUNCTION", "LOAD", "REPLACE", code);
      const noted = this.#options.functions.loaded(code);
      this.#select(this.#options.linkDb);
      if (noted !== null) this.#writer.command("HSET", ...noted);
      return;
    }
    const reason = "the destination's version has no functions";
    this.#options.refusals.lose("rejected", "FUNCTION LOAD", 0, "UNKNOWN_COMMAND", reason, () =>
      commandSample([code], 1),
    );
  }

  value(entry: RdbEntry, bytes: Uint8Array, start: number, end: number): void {
    if (!this.#enter(entry)) return;
    const fits = entry.key.length <= this.#options.abilities.maxBulkBytes;
    if (fits && this.#values.write(this.#link, entry, bytes, start, end)) {
      // A RESTORE, which may be refused, is the last of the commands of its key; plain strings go by SET.
      if (entry.type !== TYPE_STRING || bytes[start]! >= SPECIAL)
        this.#replies.restore(this.#link.commands - 1, entry.offset);
      return;
    }
    const copy = Buffer.from(bytes.subarray(start, end));
    this.#undecoded.push({ db: this.#linkDb, entry: { ...entry, key: entry.key.slice() }, bytes: copy });
  }

  async largeValue(entry: RdbEntry, writeCommands: (out: CommandWriter) => Promise<void>): Promise<void> {
    if (!this.#enter(entry)) return;
    await writeCommands(this.#writer);
    this.#check();
  }

  moduleValue(entry: RdbEntry, type: string, bytes: Uint8Array, start: number, end: number): boolean {
    const { abilities } = this.#options;
    if (!abilities.modules.includes(type) || abilities.restoreVersion(TYPE_MODULE_2) === null) return false;
    if (this.#enter(entry)) this.#values.write(this.#link, entry, bytes, start, end);
    return true;
  }

  unsupported(entry: RdbEntry, what: string): void {
    const target = destinationDb(this.#options.databases, entry.db);
    if (target === null) return;
    this.#options.keys?.add(target, entry.key);
    this.#options.progress.keysSkipped++;
    const reason = `${what} cannot be copied`;
    this.#options.refusals.lose("skipped", "RDB key", entry.db, "MODULE_VALUE", reason, () =>
      commandSample([entry.key], 1),
    );
  }

  loss(entry: RdbEntry | null, what: ValueLoss): void {
    this.#lost(entry, [what]);
  }

  progress(position: number): Promise<void> | undefined {
    this.#check();
    this.#replies.mark(this.#link.commands, position, this.#keys);
    this.#link.flush();
    if (this.#undecoded.length === 0 && !this.#replies.anyRefused && !this.#link.full) {
      return this.#options.keys?.room();
    }
    return this.#makeRoom();
  }

  #check(): void {
    this.#link.check();
    this.#replies.check();
  }

  /** Selects the entry's database on the destination; false where the key is not to be copied. */
  #enter(entry: RdbEntry): boolean {
    const target = destinationDb(this.#options.databases, entry.db);
    if (target === null || isHeartbeatKey(entry.key, 0, entry.key.length)) {
      if (target === null && !isHeartbeatKey(entry.key, 0, entry.key.length)) this.#leaveOut(entry.db);
      return false;
    }
    if (!this.#owns(target, entry.key)) return false;
    this.#options.keys?.add(target, entry.key);
    if (this.#options.kept?.(target, entry.key)) {
      this.#options.progress.keysSkipped++;
      const sample = () => commandSample([entry.key], 1);
      this.#options.refusals.add("skipped", "RDB key", entry.db, "DESTINATION_KEPT", KEPT, sample);
      return false;
    }
    this.#options.merge.wrote(target, entry.key);
    if (entry.expireAt >= 0) {
      entry.expireAt = this.#options.expiry(entry.expireAt, target, entry.key);
      for (const note of this.#options.expiryNotes()) {
        this.#select(this.#options.linkDb);
        this.#link.append(note, 0, note.length, 1);
      }
    }
    this.#select(target);
    this.#keys++;
    return true;
  }

  /** False for a stray: its owner's shard sync is told, which alone writes the key. */
  #owns(target: number, key: Uint8Array): boolean {
    const { ownership, self, notices, counts, shardNames } = this.#options.merge;
    const owner = ownership?.ownerOf(key) ?? self;
    if (owner === self) return true;
    this.#options.progress.keysSetAside++;
    counts.stray(target, key, shardNames[owner]!);
    if (!ownership!.ownerOnly) notices.add(owner, target, Buffer.from(key));
    if (notices.waiting >= NOTICES) this.#notifyOwners();
    return false;
  }

  #notifyOwners(): void {
    const commands = this.#options.merge.notices.take("rdb");
    if (commands.length === 0) return;
    this.#select(this.#options.linkDb);
    for (const bytes of commands) this.#link.append(bytes, 0, bytes.length, 1);
  }

  #leaveOutKey({ db, key }: RdbEntry, why: string): void {
    const { ledger, key: set } = this.#options.leftOut;
    this.#options.progress.keysRejected++;
    ledger.leftOut.add(db, key);
    ledger.differences.note("LEFT_OUT", `a key is not on the destination: ${why}`);
    this.#select(this.#options.linkDb);
    this.#writer.command("SADD", set, leftOutMember(db, key));
  }

  #leaveOut(db: number): void {
    const { progress } = this.#options;
    progress.keysSkipped++;
    progress.keysLeftOut.set(db, (progress.keysLeftOut.get(db) ?? 0) + 1);
  }

  #select(db: number): void {
    if (db === this.#linkDb) return;
    requireDatabase(db, this.#options.present);
    this.#linkDb = db;
    this.#writer.command("SELECT", db);
    this.#replies.select(this.#link.commands - 1, db);
  }

  async #makeRoom(): Promise<void> {
    await this.#decodeWaiting();
    while (this.#link.full) {
      this.#check();
      await this.#link.changed();
    }
    this.#check();
  }

  /** Writes the values that the destination cannot RESTORE as native commands. */
  async #decodeWaiting(): Promise<void> {
    // Of an answer only the destination's database is known.
    const refused = this.#replies.takeRefused().map(({ db, entry, bytes }) => {
      const [source = db] = sourceDbs(this.#options.databases, db);
      return { db, entry: { ...entry, db: source }, bytes };
    });
    const waiting = [...this.#undecoded, ...refused];
    this.#undecoded = [];
    for (const { db, entry, bytes } of waiting) {
      this.#select(db);
      const input = RdbInput.of(bytes, 0, bytes.length, this.#options.role, Math.max(0, entry.offset));
      const destination = this.#options.abilities.server;
      try {
        const losses = await writeValueCommands(input, entry.type, entry, this.#writer, { destination });
        this.#lost(entry, losses);
      } catch (error) {
        throw namingKey(error, entry.key);
      }
    }
  }

  #lost(entry: RdbEntry | null, losses: readonly ValueLoss[]): void {
    for (const { code, text } of losses) {
      // Without an entry it is something beside the keys, such as a module's own data.
      const what = entry === null ? "RDB section" : "RDB key";
      const sample = () => (entry === null ? text : commandSample([entry.key], 1));
      // Of the others a part is lost.
      if (code === "PAST_LIMIT" && entry !== null) this.#leaveOutKey(entry, text);
      this.#options.refusals.lose("rejected", what, entry?.db ?? 0, code, text, sample);
    }
  }
}
