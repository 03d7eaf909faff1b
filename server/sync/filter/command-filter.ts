import { FIELD_EXPIRY_LOSS } from "../../rdb/value-writing.ts";
import type { CommandScanner } from "../../redis/command-scanner.ts";
import { isHeartbeatKey } from "../checkpoint/own-keys.ts";
import { acrossDatabases } from "../commands/across-databases.ts";
import { allArguments, argumentAt, firstArguments, scanOf } from "../commands/command-arguments.ts";
import { type CommandName, CommandNames, commandNamed } from "../commands/command-names.ts";
import type { SourceKey, Verdict } from "../commands/command-verdict.ts";
import { knownKeys } from "../commands/known-keys.ts";
import { parseMultipleSet } from "../commands/multiple-set.ts";
import { unconditionalSet } from "../commands/unconditional-set.ts";
import { functionCommand } from "../scripting/function-commands.ts";
import type { OwnCommand } from "../scripting/function-libraries.ts";
import { destinationDb, requireDatabase } from "../spec/database-map.ts";
import type { DatabaseMap } from "../spec/shard-sync-spec.ts";
import type { CommandFilterOptions } from "./command-filter-options.ts";
import { largeCommand } from "./large-command.ts";
import { keysOfTooLarge } from "./too-large.ts";

/** Decides, command by command, in the order of the stream. All state that a resumed stream needs is `db`. */
export class CommandFilter {
  /** The source's selected database. */
  db: number;
  /** Where commands of that database go; null where it is not synchronized. */
  target: number | null;
  /** Where they would go, where the destination has no such database. */
  #missing: number | null = null;
  /** Between the source's MULTI and its EXEC. */
  inTransaction = false;
  /** Facts of the last verdict. */
  name: CommandName = commandNamed("");
  reasonCode = "";
  reason = "";
  /** True where a skipped command deserves an alert. */
  alert = false;
  /** The verdict is to replace the command, and a part of it is lost: `reasonCode` and `reason` say what. */
  partly = false;
  heartbeatAt = -1;
  replacement: Buffer = Buffer.alloc(0);
  /** What follows the replacement, in its database and its transaction. */
  after: Buffer | null = null;
  /** Whatever the verdict: what goes in front of the command, and keys to be copied again from the source. */
  beside: Beside | null = null;
  /** What the command would do to these keys is more than the destination takes: it is skipped. */
  pastLimit: readonly Buffer[] = [];

  readonly #options: CommandFilterOptions;
  readonly #map: DatabaseMap;
  readonly #names = new CommandNames();

  constructor(options: CommandFilterOptions) {
    this.#options = options;
    this.#map = options.databases;
    this.db = options.db;
    this.target = null;
    this.#select(options.db);
  }

  #select(db: number): void {
    this.db = db;
    const target = destinationDb(this.#map, db);
    const missing = target !== null && target >= this.#options.present.count;
    this.#missing = missing ? target : null;
    this.target = missing ? null : target;
  }

  /**
   * `scanner` has found the command in `bytes`, whole or, for a very large one, its first arguments.
   * @throws TributaryError DATABASE_MISSING.
   */
  decide(bytes: Uint8Array, scanner: CommandScanner): Verdict {
    this.partly = false;
    this.after = null;
    this.pastLimit = [];
    if (scanner.argc === 0) return "control";
    this.name = this.#names.lookup(bytes, scanner.starts[0]!, scanner.ends[0]!);
    const rule = this.name.rule;
    const { maxBulkBytes = Number.POSITIVE_INFINITY } = this.#options;
    const tooLarge = this.target === null ? null : keysOfTooLarge(this.name, bytes, scanner, maxBulkBytes);
    if (tooLarge !== null) {
      this.pastLimit = tooLarge;
      return this.#skip("PAST_LIMIT", "the destination does not take an argument of that size", false);
    }
    if (this.#options.kept != null && this.#touchesKept(bytes, scanner)) {
      const reason = "it names a key that the destination held before the task began, and that is kept";
      return this.#skip("DESTINATION_KEPT", reason, false);
    }
    if (rule === "forward" || rule === "expiry" || rule === "newer") {
      if (scanner.argc > 1 && isHeartbeatKey(bytes, scanner.starts[1]!, scanner.ends[1]!)) {
        return this.#heartbeat(bytes, scanner);
      }
      if (this.target === null) return this.#notSelected();
      if (!this.#passes(bytes, scanner, this.target)) return "control";
      if (rule === "forward") return "forward";
      if (rule === "newer") return this.#asOlder(bytes, scanner);
      return this.#withExpiry(bytes, scanner, this.target);
    }
    return this.#special(rule, bytes, scanner);
  }

  /** Those of its other keys that it may write are copied from the shard instead. */
  #touchesKept(bytes: Uint8Array, scanner: CommandScanner): boolean {
    const { kept } = this.#options;
    const { target } = this;
    if (kept == null || target === null) return false;
    const across = this.name.rule === "move" || this.name.rule === "copy";
    const other = across ? otherDatabase(firstArguments(bytes, scanner), this.#map) : null;
    const keys = knownKeys(this.name.name, bytes, scanner);
    const isKept = (key: Buffer) => kept(target, key) || (other !== null && kept(other, key));
    if (!keys.some(isKept)) return false;
    this.#copy(keys.filter((key) => !isKept(key)));
    return true;
  }

  #special(
    rule: Exclude<CommandName["rule"], "forward" | "expiry" | "newer">,
    bytes: Uint8Array,
    scanner: CommandScanner,
  ): Verdict {
    switch (rule) {
      case "ping":
        return "control";
      case "replconf":
        return argument(bytes, scanner, 1).toUpperCase() === "GETACK" ? "getack" : "control";
      case "select":
        this.#select(Number(argument(bytes, scanner, 1)));
        return "control";
      case "multi":
        this.inTransaction = true;
        return "control";
      case "exec":
        this.inTransaction = false;
        return "control";
      case "flush":
        return this.#skip(
          this.name.name,
          `${this.name.name} on one shard would remove or exchange the data of every shard on the destination`,
          true,
        );
      case "publish":
        return this.#publish(bytes, scanner);
      case "eval":
        return this.#script(bytes, scanner);
      case "script":
        return this.#scriptCache(bytes, scanner);
      case "function":
        return this.#functionLibrary(bytes, scanner);
      case "move":
      case "copy":
        return this.#acrossDatabases(rule, bytes, scanner);
      case "msetex":
        return this.#setMany(bytes, scanner);
      case "vendor":
        return this.#skip("VENDOR_COMMAND", "it is a marker of the source's provider, not a command", false);
    }
  }

  /** Whether the destination may run it, for all that other shards have there: else its keys are noted by now. */
  #passes(bytes: Uint8Array, scanner: CommandScanner, target: number): boolean {
    const { judge } = this.#options;
    return judge.idle || judge.passes(this.name, this.db, target, bytes, scanner);
  }

  /** What the destination has not, in commands that it has. */
  #asOlder(bytes: Uint8Array, scanner: CommandScanner): Verdict {
    const { downgrade } = this.#options;
    const { name } = this.name;
    if (scanner.seen < scanner.argc) return this.#asLarge(bytes, scanner);
    const older = downgrade.rewrite(name, bytes, scanner);
    if (older === null) return "forward";
    if (older.fetch !== undefined) return this.#fetch(older.fetch);
    this.partly = older.fieldExpiryLost === true;
    if (this.partly) this.#skip("FIELD_TTL_LOST", FIELD_EXPIRY_LOSS, false);
    if (older.bytes === null) return this.partly ? "skip" : "control";
    this.replacement = older.bytes;
    // The other command answers in another form.
    if (this.name.watch === "fields") this.name = { ...this.name, watch: "none" };
    return "replace";
  }

  #withExpiry(bytes: Uint8Array, scanner: CommandScanner, target: number): Verdict {
    const { downgrade, expiries } = this.#options;
    const { name } = this.name;
    if (scanner.seen < scanner.argc) return this.#asLarge(bytes, scanner);
    let other: Buffer | null = null;
    if (name === "SET") other = unconditionalSet(bytes, scanner);
    else if (name === "RESTORE") {
      if (downgrade.mustDecode(bytes, scanner)) return this.#fetch(argumentAt(bytes, scanner, 1));
      other = downgrade.restore(bytes, scanner);
    }
    const sent = other ?? bytes;
    const rewritten = expiries.rewrite(name, sent, other === null ? scanner : scanOf(other), this.db, target);
    if (rewritten === null && other === null) return "forward";
    this.replacement = rewritten?.command ?? other!;
    this.after = rewritten?.after ?? null;
    return "replace";
  }

  #setMany(bytes: Uint8Array, scanner: CommandScanner): Verdict {
    if (this.target === null) return this.#notSelected();
    if (!this.#passes(bytes, scanner, this.target)) return "control";
    const { downgrade, expiries } = this.#options;
    if (scanner.seen < scanner.argc) return this.#asLarge(bytes, scanner);
    const set = parseMultipleSet(allArguments(bytes, scanner));
    if (set === null) return "forward";
    this.replacement = expiries.setMany(set, downgrade.hasMsetex, this.db, this.target);
    return "replace";
  }

  #asLarge(bytes: Uint8Array, scanner: CommandScanner): Verdict {
    const { downgrade, expiries } = this.#options;
    const { forward, copy, all } = largeCommand(this.name, bytes, scanner, downgrade, expiries);
    this.#copy(copy);
    if (forward || all) return forward ? "forward" : "control";
    return this.#skip("TOO_LARGE", "it is too large to be expressed in what the destination knows", true);
  }

  /** A key is copied from the source in the place of the command. */
  #fetch(key: Buffer, db = this.db): Verdict {
    this.#copy([key], db);
    return "control";
  }

  #copy(keys: readonly Buffer[], db = this.db): void {
    if (keys.length > 0) this.beside = { own: [], fetch: keys.map((key) => ({ db, key })) };
  }

  /** PUBLISH belongs to no database: it is passed on whichever is selected. */
  #publish(bytes: Uint8Array, scanner: CommandScanner): Verdict {
    if (argument(bytes, scanner, 1) === "__sentinel__:hello") return "control";
    if (this.#options.publish === "forward") return "forward";
    return this.#skip("PUBLISH_OFF", "the task leaves messages out", false);
  }

  /** EVAL and EVALSHA as an old master sends them: a script that is to run again. */
  #script(bytes: Uint8Array, scanner: CommandScanner): Verdict {
    const { scripts } = this.#options;
    // Its body may be called by its SHA1 in another database later.
    this.#put(scripts.meet(this.name.name, bytes, scanner));
    if (this.target === null) return this.#notSelected();
    const { judge } = this.#options;
    if (!this.#passes(bytes, scanner, this.target)) return "control";
    if (scripts.met?.unknown) return this.#scriptUnknown(scripts.met.sha, bytes, scanner);
    const sure = judge.idle || judge.declaredAreOwn(this.name, this.target, bytes, scanner);
    const replacement = scripts.rewrite(bytes, scanner, this.db, this.target, sure);
    if (replacement !== null) {
      this.replacement = replacement;
      return "replace";
    }
    const flush = scripts.met?.flush ?? null;
    if (flush === null) return "forward";
    return this.#skip(flush, `it is too large to be guarded, and its script may call ${flush}`, true);
  }

  /**
   * It is not tried as it is: should the destination know the body, nothing would stand between it and other shards'
   * keys. That it was not run is noted in its transaction, since the keys that it makes up are not known.
   */
  #scriptUnknown(sha: string, bytes: Uint8Array, scanner: CommandScanner): Verdict {
    const fetch = knownKeys(this.name.name, bytes, scanner).map((key) => ({ db: this.db, key }));
    this.beside = { own: [], fetch, script: `unknown ${sha}` };
    return this.#skip("NOSCRIPT", "it calls a script by its SHA1 whose body is not known", false);
  }

  #scriptCache(bytes: Uint8Array, scanner: CommandScanner): Verdict {
    const what = argument(bytes, scanner, 1).toUpperCase();
    if (what === "FLUSH") {
      const reason = "SCRIPT FLUSH of one shard would remove what the others loaded";
      return this.#skip("SCRIPT_FLUSH", reason, false);
    }
    if (what === "LOAD" && scanner.seen > 2) {
      this.#put(this.#options.scripts.learn(argumentAt(bytes, scanner, 2)));
    }
    return "forward";
  }

  #functionLibrary(bytes: Uint8Array, scanner: CommandScanner): Verdict {
    const whole = scanner.seen === scanner.argc;
    const { functions, alone } = this.#options;
    const decided = functionCommand(firstArguments(bytes, scanner), whole, functions, alone);
    if (decided.kind === "forward") return "forward";
    this.#put([], decided.own);
    if (decided.kind === "skip") return this.#skip(decided.code, decided.reason, true);
    if (decided.kind === "instead") return "control";
    this.replacement = decided.bytes;
    return "replace";
  }

  #put(commands: readonly Buffer[], own: readonly OwnCommand[] = []): void {
    if (commands.length === 0 && own.length === 0) return;
    this.beside = { own: [...commands.map((bytes) => ({ bytes, watch: null })), ...own], fetch: [] };
  }

  #notSelected(): Verdict {
    if (this.#missing !== null) requireDatabase(this.#missing, this.#options.present);
    return this.#skip("DB_NOT_SELECTED", `database ${this.db} of the source is not synchronized`, false);
  }

  /** The destination does not hold what the command is about: see LeftOutKeys. */
  skipLeftOut(): void {
    this.#skip("PAST_LIMIT", "the destination does not take the value of its key", false);
  }

  #skip(code: string, reason: string, alert: boolean): Verdict {
    this.reasonCode = code;
    this.reason = reason;
    this.alert = alert;
    return "skip";
  }

  #heartbeat(bytes: Uint8Array, scanner: CommandScanner): Verdict {
    // SETEX key seconds value, PSETEX alike; as SET key value PXAT ms from Redis 7.0 on.
    const at = this.name.facts.value;
    const text = at === undefined ? "" : argument(bytes, scanner, at);
    this.heartbeatAt = /^\d{13}$/.test(text) ? Number(text) : -1;
    return "heartbeat";
  }

  #acrossDatabases(rule: "move" | "copy", bytes: Uint8Array, scanner: CommandScanner): Verdict {
    if (scanner.seen < scanner.argc) return this.#skip("TOO_LARGE", "the name of its key is too long", true);
    if (this.target !== null && !this.#passes(bytes, scanner, this.target)) return "control";
    const args = firstArguments(bytes, scanner);
    const { downgrade, present } = this.#options;
    const across = acrossDatabases(rule, args, { map: this.#map, present, downgrade, target: this.target });
    switch (across.kind) {
      case "forward":
        return "forward";
      case "replace":
        this.replacement = across.bytes;
        return "replace";
      case "fetch":
        return this.#fetch(across.key, across.db);
      case "elsewhere":
        return this.#notSelected();
      case "skip":
        return this.#skip("DB_NOT_SELECTED", across.reason, false);
    }
  }
}

/** What goes with a command into its transaction. */
type Beside = {
  readonly own: readonly OwnCommand[];
  readonly fetch: readonly SourceKey[];
  /** What is noted of a script that was not run. */
  readonly script?: string;
};

/** Of MOVE key db, and COPY source destination DB db. */
function otherDatabase(args: readonly Uint8Array[], map: DatabaseMap): number | null {
  const db = Number(Buffer.from(args.at(args.length === 3 ? 2 : 4) ?? []).toString("latin1") || Number.NaN);
  return Number.isInteger(db) ? destinationDb(map, db) : null;
}

function argument(bytes: Uint8Array, scanner: CommandScanner, index: number): string {
  if (index >= scanner.seen || scanner.ends[index]! - scanner.starts[index]! > 64) return "";
  return argumentAt(bytes, scanner, index).toString("latin1");
}
