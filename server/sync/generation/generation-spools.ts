import { join } from "node:path";
import { type PlainReason, reasonOf, type TributaryError } from "../../errors/tributary-error.ts";
import type { SegmentFiles } from "../../replica/segment-file.ts";
import { Spool, type SpoolOptions } from "../../replica/spool.ts";
import { SpoolQuota } from "../../replica/spool-quota.ts";
import type { EventLevel } from "../report/shard-report.ts";
import type { ShardSyncSpec } from "../spec/shard-sync-spec.ts";

/** Bytes of the RDB and of the stream that may wait in memory before they go to disk. */
const RDB_MEMORY = 12 * 1024 * 1024;
const STREAM_MEMORY = 16 * 1024 * 1024;
const SEGMENT = 2 * 1024 * 1024;
/** Of what has been applied, this much is kept in memory: a destination may come back some writes behind. */
const MARGIN_BYTES = 8 * 1024 * 1024;
/** The part of the quota that may be used for what has been applied and may have to be applied again. */
const KEPT_PART = 0.5;
/** The quota counts as reached until less than this part of it is used. */
const ROOM_PART = 0.9;

export type GenerationSpoolsOptions = {
  readonly spec: ShardSyncSpec;
  readonly role: string;
  readonly onEvent: (level: EventLevel, type: string, message: string) => void;
  readonly onChange: () => void;
  /** A test may put a broken disk in the place of the real one. */
  readonly files?: SegmentFiles;
};

/** Makes the spools of a shard sync's generations, which share its quota, and knows what is the matter with them. */
export class GenerationSpools {
  readonly #options: GenerationSpoolsOptions;
  readonly #quota: SpoolQuota;
  #full: Spool | null = null;
  readonly #failing = new Map<Spool, PlainReason>();

  constructor(options: GenerationSpoolsOptions) {
    this.#options = options;
    this.#quota = new SpoolQuota(options.spec.spoolQuotaBytes);
  }

  /** Why received bytes do not go to disk; null while they do. */
  get problem(): PlainReason | null {
    const full = this.#full;
    if (full?.closed || (full?.full === false && this.#quota.used < ROOM_PART * this.#quota.bytes)) {
      this.#full = null;
    }
    for (const [spool, reason] of this.#failing) {
      if (!spool.closed) return reason;
      this.#failing.delete(spool);
    }
    return this.#full === null ? null : this.#fullReason();
  }

  /** An RDB is kept whole until it is applied, so that it can be applied again. */
  rdb(generation: number): Spool {
    return this.#open(generation, { name: "rdb", memoryBytes: RDB_MEMORY, retain: "all" });
  }

  stream(generation: number): Spool {
    return this.#open(generation, {
      name: "stream",
      memoryBytes: STREAM_MEMORY,
      retain: "applied",
      retainBytes: MARGIN_BYTES,
      keepBytes: Math.floor(KEPT_PART * this.#quota.bytes),
    });
  }

  #open(
    generation: number,
    options: Pick<SpoolOptions, "name" | "memoryBytes" | "retain" | "retainBytes" | "keepBytes">,
  ): Spool {
    const { spec, files } = this.#options;
    const spool: Spool = new Spool({
      ...options,
      directory: join(spec.spoolDirectory, String(generation)),
      segmentBytes: SEGMENT,
      quota: this.#quota,
      onProblem: (error) => this.#failed(spool, error),
      onRecovered: () => this.#recovered(spool),
      onQuotaReached: () => this.#quotaReached(spool),
      ...(files === undefined ? {} : { files }),
    });
    return spool;
  }

  #failed(spool: Spool, error: TributaryError): void {
    this.#failing.set(spool, error.toPlain());
    this.#options.onEvent("warning", "spool-problem", error.message);
    this.#options.onChange();
  }

  #recovered(spool: Spool): void {
    this.#failing.delete(spool);
    this.#options.onEvent("info", "spool-recovered", "The spool can be written again.");
    this.#options.onChange();
  }

  #quotaReached(spool: Spool): void {
    const said = this.problem?.code === "SPOOL_FULL";
    this.#full = spool;
    if (said) return;
    const { message, remedy } = this.#fullReason();
    this.#options.onEvent("alert", "spool-full", `${message} ${remedy}`);
    this.#options.onChange();
  }

  #fullReason(): PlainReason {
    return reasonOf("SPOOL_FULL", { role: this.#options.role, quota: this.#quota.bytes });
  }
}
