import type { CommandScanner } from "../redis/command-scanner.ts";
import { type CommandName, CommandNames } from "./command-names.ts";
import { destinationDb } from "./database-map.ts";
import { encodeArguments } from "./encode-arguments.ts";
import type { ExpiryRewriter } from "./expiry-rewriter.ts";
import { isHeartbeatKey } from "./own-keys.ts";
import type { DatabaseMap } from "./shard-sync-spec.ts";

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

/** Decides, command by command, in the order of the stream. All state that a resumed stream needs is `db`. */
export class CommandFilter {
  /** The source's selected database. */
  db: number;
  /** Where commands of that database go; null where it is not synchronised. */
  target: number | null;
  /** Between the source's MULTI and its EXEC. */
  inTransaction = false;
  /** Facts of the last verdict. */
  name: CommandName = { name: "", rule: "forward", upper: new Uint8Array() };
  reasonCode = "";
  reason = "";
  /** True where a skipped command deserves an alert. */
  alert = false;
  heartbeatAt = -1;
  replacement: Buffer = Buffer.alloc(0);

  readonly #map: DatabaseMap;
  readonly #names = new CommandNames();
  readonly #expiries: ExpiryRewriter;

  constructor(map: DatabaseMap, db: number, expiries: ExpiryRewriter) {
    this.#map = map;
    this.#expiries = expiries;
    this.db = db;
    this.target = destinationDb(map, db);
  }

  /** `scanner` has found the command in `bytes`, whole or, for a very large one, its first arguments. */
  decide(bytes: Uint8Array, scanner: CommandScanner): Verdict {
    if (scanner.argc === 0) return "control";
    this.name = this.#names.lookup(bytes, scanner.starts[0]!, scanner.ends[0]!);
    const rule = this.name.rule;
    if (rule === "forward" || rule === "expiry") {
      if (scanner.argc > 1 && isHeartbeatKey(bytes, scanner.starts[1]!, scanner.ends[1]!)) {
        return this.#heartbeat(bytes, scanner);
      }
      if (this.target === null) return this.#notSelected();
      return rule === "forward" ? "forward" : this.#withExpiry(bytes, scanner, this.target);
    }
    return this.#special(rule, bytes, scanner);
  }

  #special(
    rule: Exclude<CommandName["rule"], "forward" | "expiry">,
    bytes: Uint8Array,
    scanner: CommandScanner,
  ): Verdict {
    switch (rule) {
      case "ping":
        return "control";
      case "replconf":
        return argument(bytes, scanner, 1).toUpperCase() === "GETACK" ? "getack" : "control";
      case "select":
        this.db = Number(argument(bytes, scanner, 1));
        this.target = destinationDb(this.#map, this.db);
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
        if (argument(bytes, scanner, 1) === "__sentinel__:hello") return "control";
        // PUBLISH belongs to no database: it is passed on whichever is selected.
        return "forward";
      case "script":
      case "function":
        if (argument(bytes, scanner, 1).toUpperCase() === "FLUSH") {
          const what = `${this.name.name}_FLUSH`;
          return this.#skip(
            what,
            `${this.name.name} FLUSH of one shard would remove what the others loaded`,
            false,
          );
        }
        if (
          argument(bytes, scanner, 1).toUpperCase() === "RESTORE" &&
          argument(bytes, scanner, 3).toUpperCase() === "FLUSH"
        ) {
          // FUNCTION RESTORE payload FLUSH: what it brings is taken, what it would remove may be another shard's.
          this.replacement = encodeArguments(["FUNCTION", "RESTORE", slice(bytes, scanner, 2), "REPLACE"]);
          return "replace";
        }
        return "forward";
      case "move":
      case "copy":
        return this.#acrossDatabases(rule, bytes, scanner);
      case "vendor":
        return this.#skip("VENDOR_COMMAND", "it is a marker of the source's provider, not a command", false);
    }
  }

  #withExpiry(bytes: Uint8Array, scanner: CommandScanner, target: number): Verdict {
    const replacement = this.#expiries.rewrite(this.name.name, bytes, scanner, this.db, target);
    if (replacement === null) return "forward";
    this.replacement = replacement;
    return "replace";
  }

  #notSelected(): Verdict {
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

  /** MOVE key db, COPY source destination [DB db] [REPLACE]: the number is the source's, not the destination's. */
  #acrossDatabases(rule: "move" | "copy", bytes: Uint8Array, scanner: CommandScanner): Verdict {
    const args: Buffer[] = [];
    for (let index = 0; index < scanner.seen; index++) args.push(slice(bytes, scanner, index));
    const at =
      rule === "move"
        ? 2
        : args.findIndex((arg, index) => index >= 3 && arg.toString("latin1").toUpperCase() === "DB") + 1;
    if (at === 0) return this.target === null ? this.#notSelected() : "forward";
    const other = destinationDb(this.#map, Number(args[at]?.toString("latin1")));
    if (this.target === null) return this.#notSelected();
    if (other === null) {
      if (rule === "copy") {
        const reason = `it writes to database ${args[at]} of the source, which is not synchronised`;
        return this.#skip("DB_NOT_SELECTED", reason, false);
      }
      // The key has left for a database that is not synchronised: here it is gone.
      this.replacement = encodeArguments(["DEL", args[1]!]);
      return "replace";
    }
    args[at] = Buffer.from(String(other));
    this.replacement = encodeArguments(args);
    return "replace";
  }
}

function slice(bytes: Uint8Array, scanner: CommandScanner, index: number): Buffer {
  return Buffer.from(bytes.subarray(scanner.starts[index]!, scanner.ends[index]!));
}

function argument(bytes: Uint8Array, scanner: CommandScanner, index: number): string {
  if (index >= scanner.seen || scanner.ends[index]! - scanner.starts[index]! > 64) return "";
  return slice(bytes, scanner, index).toString("latin1");
}
