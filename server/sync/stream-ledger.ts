import { RefusalLog } from "./refusal-log.ts";
import type { ShardEvent } from "./shard-report.ts";

/**
 * What a shard sync knows of its stream beyond one connection to the destination: it outlives reconnects, so
 * that a command which is read again is neither counted nor logged again.
 */
export class StreamLedger {
  commandsApplied = 0;
  bytesApplied = 0;
  batches = 0;
  readonly refusals: RefusalLog;
  /** Offsets (decimal) of commands that the destination refuses to queue, with its answer. */
  readonly refusedAt = new Map<bigint, string>();
  /** Names of commands that the destination does not know. */
  readonly unknownCommands = new Map<string, string>();
  /**
   * What was skipped, and what was rejected, below these offsets has been logged. They are two, since a command is
   * found to be refused only when the destination has answered, when later ones have been skipped already.
   */
  readonly loggedTo = { skipped: 0n, rejected: 0n };
  readonly #event: (event: Omit<ShardEvent, "at">) => void;

  constructor(now: () => number, event: (event: Omit<ShardEvent, "at">) => void) {
    this.refusals = new RefusalLog(now);
    this.#event = event;
  }

  /** Another history of the source begins: its offsets have nothing to do with those of before. */
  newHistory(): void {
    this.refusedAt.clear();
    this.unknownCommands.clear();
    this.loggedTo.skipped = 0n;
    this.loggedTo.rejected = 0n;
  }

  info(type: string, message: string): void {
    this.#event({ level: "info", type, message });
  }

  alert(type: string, message: string): void {
    this.#event({ level: "alert", type, message });
  }
}
