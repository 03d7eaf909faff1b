import { withoutSecrets } from "../../errors/known-secrets.ts";
import type { RefusedCommand } from "../report/shard-report.ts";

const MAX_SAMPLES = 3;
/** What an initial sync has lost is named one by one, up to so many. */
const MAX_LOSSES = 20;
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
  initialSync?: true;
};

type RefusalListener = (
  kind: RefusedCommand["kind"],
  command: string,
  reasonCode: string,
  reason: string,
) => void;

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
  /** Commands of the stream. */
  skipped = 0;
  rejected = 0;
  #lost = 0;
  #losses: string[] = [];

  readonly #onRefused: RefusalListener;

  constructor(now: () => number, onRefused: RefusalListener = () => {}) {
    this.#now = now;
    this.#onRefused = onRefused;
  }

  /** A command of the stream. */
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
    this.#gather(kind, command, db, reasonCode, reason, sample);
  }

  /** Something of an initial sync, which is none of the stream's commands. @param what its key as it is shown. */
  lose(
    kind: RefusedCommand["kind"],
    command: string,
    db: number,
    reasonCode: string,
    reason: string,
    what: () => string,
  ): void {
    this.#gather(kind, command, db, reasonCode, reason, what).initialSync = true;
    this.#lost++;
    if (this.#losses.length < MAX_LOSSES) this.#losses.push(`${what()} in database ${db} (${reason})`);
  }

  /** An initial sync begins: what one before has lost is no matter any more. */
  beginInitialSync(): void {
    this.#lost = 0;
    this.#losses = [];
  }

  /** What the initial sync has lost, for the user; null where that is nothing. */
  get losses(): string | null {
    if (this.#lost === 0) return null;
    const more = this.#lost - this.#losses.length;
    return [...this.#losses, ...(more > 0 ? [`and ${more.toLocaleString("en-US")} more`] : [])].join(", ");
  }

  #gather(
    kind: RefusedCommand["kind"],
    command: string,
    db: number,
    reasonCode: string,
    reason: string,
    sample: () => string,
  ): Gathering {
    this.#onRefused(kind, command, reasonCode, reason);
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
    return record;
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
