import { withoutSecrets } from "../../errors/known-secrets.ts";
import type { RefusedCommand } from "../shard-report.ts";

const MAX_SAMPLES = 3;
const MAX_RECORDS = 1000;

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
    const key = `${kind} ${command} ${db} ${reasonCode}`;
    const now = this.#now();
    let record = this.#records.get(key);
    if (record === undefined) {
      if (this.#records.size >= MAX_RECORDS) return;
      record = { kind, command, db, reasonCode, reason, count: 0, firstAt: now, lastAt: now, samples: [] };
      this.#records.set(key, record);
    }
    record.count++;
    record.lastAt = now;
    const sampled = this.#sampled.get(key) ?? 0;
    if (sampled < MAX_SAMPLES) {
      record.samples.push(sample());
      if (this.#sampled.size < MAX_RECORDS) this.#sampled.set(key, sampled + 1);
    }
  }

  /** What has come since the last call. */
  take(): RefusedCommand[] {
    const records = [...this.#records.values()];
    this.#records = new Map();
    for (const record of records) {
      record.command = withoutSecrets(record.command);
      record.reason = withoutSecrets(record.reason);
      record.samples = record.samples.map(withoutSecrets);
    }
    return records;
  }
}
