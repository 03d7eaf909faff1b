import { DoubtfulKeys } from "../doubtful/doubtful-keys.ts";
import { LeftOutKeys } from "../doubtful/left-out-keys.ts";
import type { ShardEvent } from "../report/shard-report.ts";
import { Differences, leavesDifference } from "./differences.ts";
import { RefusalLog } from "./refusal-log.ts";
import { ScriptLog } from "./script-log.ts";
import { StreamWrites } from "./stream-writes.ts";

/** Alerts about keys that are not put right by copying them again. */
const LOSSES = new Set(["doubtful-key-lost", "large-command-missed"]);
/** Databases that are left out are named one by one, up to so many. */
const MAX_DATABASES = 64;
/** Alerts that are told once are remembered up to this number; further ones are left out. */
const MAX_REPORTED = 1000;

/**
 * What a shard sync knows of its stream beyond one connection to the destination: it outlives reconnects, so
 * that a command which is read again is neither counted nor logged again.
 */
export class StreamLedger {
  commandsApplied = 0;
  bytesApplied = 0;
  batches = 0;
  readonly refusals: RefusalLog;
  readonly scripts: ScriptLog;
  readonly differences: Differences;
  /** What others have written on the shard. */
  readonly writes = new StreamWrites();
  /** Keys that wait to be noted as doubtful. */
  readonly doubtful: DoubtfulKeys;
  /** Keys that the destination does not take. */
  readonly leftOut = new LeftOutKeys();
  /** Offsets (decimal) of commands that the destination refuses to queue, with its answer. */
  readonly refusedAt = new Map<bigint, string>();
  /** Names of commands that the destination does not know, as they are sent to it. */
  readonly unknownCommands = new Map<string, string>();
  /**
   * What was skipped ("skipped"), and what was rejected (by the command's name), below these offsets has been
   * logged. They are several, since a command is found to be refused only when the destination has answered, when
   * later ones have been skipped, or left out by another name, already.
   */
  readonly loggedTo = new Map<string, bigint>();
  readonly #databasesLeftOut = new Set<number>();
  readonly #reported = new Set<string>();
  readonly #event: (event: Omit<ShardEvent, "at">) => void;
  readonly #onFlush: () => void;

  /** @param onFlush told of each FLUSHALL and FLUSHDB in the stream, which was skipped. */
  constructor(
    now: () => number,
    event: (event: Omit<ShardEvent, "at">) => void,
    onFlush: () => void = () => {},
  ) {
    const differences = new Differences(now);
    this.differences = differences;
    this.refusals = new RefusalLog(now, (kind, command, code, reason) => {
      if (!leavesDifference(kind, command, code)) return;
      const why = kind === "rejected" ? `the destination refused it: ${reason}` : reason;
      differences.note(code, `${command} was not applied: ${why}`);
    });
    this.scripts = new ScriptLog(now);
    this.doubtful = new DoubtfulKeys(now);
    this.#event = event;
    this.#onFlush = onFlush;
  }

  flushed(): void {
    this.#onFlush();
  }

  /** What was refused before the checkpoint is not read again, unless the destination goes back: then it is learned anew. */
  appliedTo(offset: bigint): void {
    if (this.refusedAt.size === 0) return;
    for (const refused of this.refusedAt.keys()) if (refused < offset) this.refusedAt.delete(refused);
  }

  /** Another history of the source begins: its offsets have nothing to do with those of before. */
  newHistory(): void {
    this.refusedAt.clear();
    this.unknownCommands.clear();
    this.loggedTo.clear();
    this.writes.newHistory();
    this.refusals.beginInitialSync();
  }

  /** A command for a database that the task leaves out: said once for each of them. */
  databaseLeftOut(db: number): void {
    if (this.#databasesLeftOut.has(db) || this.#databasesLeftOut.size >= MAX_DATABASES) return;
    this.#databasesLeftOut.add(db);
    const message = `The shard writes to database ${db}, which the task leaves out: nothing of it is on the destination.`;
    this.#event({ level: "warning", type: "database-left-out", message });
  }

  /** A key that is not on the destination, since that does not take its value. @param key as it is shown. */
  keyLeftOut(db: number, key: string, why: string): void {
    this.differences.note("LEFT_OUT", `a key is not on the destination: ${why}`);
    const message = `Key ${key} in database ${db} is not on the destination, which does not take it: ${why}. Raise proto-max-bulk-len there, then copy the shard again.`;
    this.alert("key-left-out", message);
  }

  info(type: string, message: string): void {
    this.#event({ level: "info", type, message });
  }

  /** @param about what it is about: of each only one is told. */
  alertOnce(type: string, about: string, message: string): void {
    const once = `${type} ${about}`;
    if (this.#reported.has(once) || this.#reported.size >= MAX_REPORTED) return;
    this.#reported.add(once);
    this.alert(type, message);
  }

  alert(type: string, message: string): void {
    if (LOSSES.has(type)) this.differences.note(type.toUpperCase().replaceAll("-", "_"), message);
    this.#event({ level: "alert", type, message });
  }
}
