import { FIELD_EXPIRY_LOSS } from "../rdb/value-writing.ts";
import { CommandScanner } from "../redis/command-scanner.ts";
import { encodeCommand } from "../redis/encode-command.ts";
import { acrossDatabases } from "./across-databases.ts";
import { type CommandDowngrade, portableFunctions } from "./command-downgrade.ts";
import { type CommandName, CommandNames } from "./command-names.ts";
import { type DestinationDatabases, destinationDb, requireDatabase } from "./database-map.ts";
import type { ExpiryRewriter } from "./expiry-rewriter.ts";
import type { FunctionLibraries, OwnCommand } from "./function-libraries.ts";
import { isHeartbeatKey } from "./own-keys.ts";
import type { ScriptRewriter } from "./script-rewriter.ts";
import type { DatabaseMap, PublishPolicy } from "./shard-sync-spec.ts";

/**
 * What is to be done with a command of the stream:
 * - forward: its bytes go to the destination as they are;
 * - replace: `replacement` goes there in its stead;
 * - control: it changed the filter's state (SELECT, MULTI, EXEC) or says nothing to a destination (PING);
 * - getack: the master wants an acknowledgement now;
 * - heartbeat: our own key; `heartbeatAt` is its time, or -1;
 * - skip: not applied, `reasonCode` and `reason` say why.
 */
export type Verdict = "forward" | "replace" | "control" | "getack" | "heartbeat" | "skip";

export type CommandFilterOptions = {
  readonly databases: DatabaseMap;
  /** Those that the destination has. */
  readonly present: DestinationDatabases;
  /** The source's database that is selected where the stream begins. */
  readonly db: number;
  readonly expiries: ExpiryRewriter;
  readonly downgrade: CommandDowngrade;
  readonly scripts: ScriptRewriter;
  readonly functions: FunctionLibraries;
  readonly publish: PublishPolicy;
  /** The task has no other shard. */
  readonly alone: boolean;
};

/** A key, by its database on the source. */
export type SourceKey = { readonly db: number; readonly key: Buffer };

/** Decides, command by command, in the order of the stream. All state that a resumed stream needs is `db`. */
export class CommandFilter {
  /** The source's selected database. */
  db: number;
  /** Where commands of that database go; null where it is not synchronised. */
  target: number | null;
  /** Where they would go, where the destination has no such database. */
  #missing: number | null = null;
  /** Between the source's MULTI and its EXEC. */
  inTransaction = false;
  /** Facts of the last verdict. */
  name: CommandName = { name: "", rule: "forward", watch: "none", upper: new Uint8Array() };
  reasonCode = "";
  reason = "";
  /** True where a skipped command deserves an alert. */
  alert = false;
  /** The verdict is to replace the command, and a part of it is lost: `reasonCode` and `reason` say what. */
  partly = false;
  heartbeatAt = -1;
  replacement: Buffer = Buffer.alloc(0);
  /** Whatever the verdict: what goes in front of the command, and keys to be copied again from the source. */
  beside: { readonly own: readonly OwnCommand[]; readonly fetch: readonly SourceKey[] } | null = null;

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
    if (scanner.argc === 0) return "control";
    this.name = this.#names.lookup(bytes, scanner.starts[0]!, scanner.ends[0]!);
    const rule = this.name.rule;
    if (rule === "forward" || rule === "expiry" || rule === "newer") {
      if (scanner.argc > 1 && isHeartbeatKey(bytes, scanner.starts[1]!, scanner.ends[1]!)) {
        return this.#heartbeat(bytes, scanner);
      }
      if (this.target === null) return this.#notSelected();
      if (rule === "forward") return "forward";
      if (rule === "newer") return this.#asOlder(bytes, scanner);
      return this.#withExpiry(bytes, scanner, this.target);
    }
    return this.#special(rule, bytes, scanner);
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
      case "vendor":
        return this.#skip("VENDOR_COMMAND", "it is a marker of the source's provider, not a command", false);
    }
  }

  /** What the destination has not, in commands that it has. */
  #asOlder(bytes: Uint8Array, scanner: CommandScanner): Verdict {
    const older = this.#options.downgrade.rewrite(this.name.name, bytes, scanner);
    if (older === null) return "forward";
    this.partly = older.fieldExpiryLost === true;
    if (this.partly) this.#skip("FIELD_TTL_LOST", FIELD_EXPIRY_LOSS, false);
    if (older.bytes === null) return this.partly ? "skip" : "control";
    this.replacement = older.bytes;
    // The other command answers in another form.
    if (this.name.watch === "fields") this.name = { ...this.name, watch: "none" };
    return "replace";
  }

  #withExpiry(bytes: Uint8Array, scanner: CommandScanner, target: number): Verdict {
    if (this.name.name === "RESTORE") {
      if (this.#options.downgrade.mustDecode(bytes, scanner)) {
        this.beside = { own: [], fetch: [{ db: this.db, key: slice(bytes, scanner, 1) }] };
        return "control";
      }
    }
    const older = this.#options.downgrade.expiring(this.name.name, bytes, scanner);
    if (older !== null) {
      const again = new CommandScanner("the stream");
      again.scan(older, 0, older.length);
      this.replacement =
        this.#options.expiries.rewrite(this.name.name, older, again, this.db, target) ?? older;
      return "replace";
    }
    const replacement = this.#options.expiries.rewrite(this.name.name, bytes, scanner, this.db, target);
    if (replacement === null) return "forward";
    this.replacement = replacement;
    return "replace";
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
    const replacement = scripts.rewrite(bytes, scanner);
    if (replacement !== null) {
      this.replacement = replacement;
      return "replace";
    }
    const flush = scripts.met?.flush ?? null;
    if (flush === null) return "forward";
    return this.#skip(flush, `it is too large to be guarded, and its script may call ${flush}`, true);
  }

  #scriptCache(bytes: Uint8Array, scanner: CommandScanner): Verdict {
    const what = argument(bytes, scanner, 1).toUpperCase();
    if (what === "FLUSH") {
      const reason = "SCRIPT FLUSH of one shard would remove what the others loaded";
      return this.#skip("SCRIPT_FLUSH", reason, false);
    }
    if (what === "LOAD" && scanner.seen > 2) {
      this.#put(this.#options.scripts.learn(slice(bytes, scanner, 2)));
    }
    return "forward";
  }

  /** A library is of the server, not of a database; each shard has its own, and the destination all of them. */
  #functionLibrary(bytes: Uint8Array, scanner: CommandScanner): Verdict {
    const what = argument(bytes, scanner, 1).toUpperCase();
    if (what === "FLUSH") {
      const reason = "FUNCTION FLUSH of one shard would remove what the others loaded";
      return this.#skip("FUNCTION_FLUSH", reason, false);
    }
    if (what === "DELETE" && !this.#options.alone) {
      return this.#skip("FUNCTION_DELETE", "another shard of the task may still use the library", false);
    }
    if (scanner.seen < scanner.argc) return "forward";
    if (what === "LOAD" && scanner.argc > 2) {
      const code = slice(bytes, scanner, scanner.argc - 1);
      this.#put([], this.#options.functions.loading(code));
      // Another shard has loaded its own, which is the same as a rule.
      this.replacement = encodeCommand(["FUNCTION", "LOAD", "REPLACE", code]);
      return "replace";
    }
    if (what === "RESTORE" && scanner.argc > 2) {
      // What it brings is taken; with FLUSH it would remove another shard's, with APPEND fail because of it.
      const payload = portableFunctions(slice(bytes, scanner, 2));
      this.replacement = encodeCommand(["FUNCTION", "RESTORE", payload, "REPLACE"]);
      return "replace";
    }
    return "forward";
  }

  #put(commands: readonly Buffer[], own: readonly OwnCommand[] = []): void {
    if (commands.length === 0 && own.length === 0) return;
    this.beside = { own: [...commands.map((bytes) => ({ bytes, watch: null })), ...own], fetch: [] };
  }

  #notSelected(): Verdict {
    if (this.#missing !== null) requireDatabase(this.#missing, this.#options.present);
    return this.#skip("DB_NOT_SELECTED", `database ${this.db} of the source is not synchronised`, false);
  }

  #skip(code: string, reason: string, alert: boolean): Verdict {
    this.reasonCode = code;
    this.reason = reason;
    this.alert = alert;
    return "skip";
  }

  #heartbeat(bytes: Uint8Array, scanner: CommandScanner): Verdict {
    // SETEX key seconds value, PSETEX alike; as SET key value PXAT ms from Redis 7.0 on.
    const at =
      this.name.name === "SET" ? 2 : this.name.name === "SETEX" || this.name.name === "PSETEX" ? 3 : -1;
    const text = at > 0 ? argument(bytes, scanner, at) : "";
    this.heartbeatAt = /^\d{13}$/.test(text) ? Number(text) : -1;
    return "heartbeat";
  }

  #acrossDatabases(rule: "move" | "copy", bytes: Uint8Array, scanner: CommandScanner): Verdict {
    const args: Buffer[] = [];
    for (let index = 0; index < scanner.seen; index++) args.push(slice(bytes, scanner, index));
    const { downgrade, present } = this.#options;
    const across = acrossDatabases(rule, args, { map: this.#map, present, downgrade, target: this.target });
    switch (across.kind) {
      case "forward":
        return "forward";
      case "replace":
        this.replacement = across.bytes;
        return "replace";
      case "fetch":
        this.beside = { own: [], fetch: [{ db: across.db, key: across.key }] };
        return "control";
      case "elsewhere":
        return this.#notSelected();
      case "skip":
        return this.#skip("DB_NOT_SELECTED", across.reason, false);
    }
  }
}

function slice(bytes: Uint8Array, scanner: CommandScanner, index: number): Buffer {
  return Buffer.from(bytes.subarray(scanner.starts[index]!, scanner.ends[index]!));
}

function argument(bytes: Uint8Array, scanner: CommandScanner, index: number): string {
  if (index >= scanner.seen || scanner.ends[index]! - scanner.starts[index]! > 64) return "";
  return slice(bytes, scanner, index).toString("latin1");
}
