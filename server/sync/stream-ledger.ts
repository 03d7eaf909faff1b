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
  /** Everything below this offset has been logged. */
  loggedTo = 0n;
  readonly #event: (event: Omit<ShardEvent, "at">) => void;

  constructor(now: () => number, event: (event: Omit<ShardEvent, "at">) => void) {
    this.refusals = new RefusalLog(now);
    this.#event = event;
  }

  info(type: string, message: string): void {
    this.#event({ level: "info", type, message });
  }

  alert(type: string, message: string): void {
    this.#event({ level: "alert", type, message });
  }
}
