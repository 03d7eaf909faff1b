import type { RefusedCommand } from "../shard-report.ts";

const MAX_SAMPLES = 3;
/** Commands that are told apart; a source may send any number of names. */
const MAX_RECORDS = 500;
const OTHERS = { command: "(other commands)", db: 0, reasonCode: "OTHER" };
/** Characters of an answer. */
const LONGEST_REASON = 300;

type Gathering = {
  kind: RefusedCommand["kind"];
  command: string;
  db: number;
  reasonCode: string;
  reason: string;
  count: number;
  firstAt: number;
  lastAt: number;
  samples: string[];
};

function keyOf(kind: string, told: { command: string; db: number; reasonCode: string }): string {
  return `${kind} ${told.command} ${told.db} ${told.reasonCode}`;
}

/**
 * Gathers the commands that were not applied, by command, database and reason, between two reports. The
 * sample is asked for only while a record still has room for one.
 */
export class RefusalLog {
  readonly #now: () => number;
  #records = new Map<string, Gathering>();
  /** How many samples each record has been given since the start: they are not sent again and again. */
  readonly #sampled = new Map<string, number>();
  skipped = 0;
  rejected = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  add(
    kind: RefusedCommand["kind"],
    command: string,
    db: number,
    reasonCode: string,
    reason: string,
    sample: () => string,
  ): void {
    if (kind === "skipped") this.skipped++;
    else this.rejected++;
    let told = { command, db, reasonCode };
    let key = keyOf(kind, told);
    if (!this.#sampled.has(key) && this.#sampled.size >= MAX_RECORDS - 1) {
      told = OTHERS;
      key = keyOf(kind, told);
    }
    const now = this.#now();
    let record = this.#records.get(key);
    if (record === undefined) {
      const cut = reason.slice(0, LONGEST_REASON);
      record = { kind, ...told, reason: cut, count: 0, firstAt: now, lastAt: now, samples: [] };
      this.#records.set(key, record);
    }
    record.count++;
    record.lastAt = now;
    const sampled = this.#sampled.get(key) ?? 0;
    if (sampled < MAX_SAMPLES) record.samples.push(sample());
    this.#sampled.set(key, Math.min(MAX_SAMPLES, sampled + 1));
  }

  /** What has come since the last call. */
  take(): RefusedCommand[] {
    const records = [...this.#records.values()];
    this.#records = new Map();
    return records;
  }
}
