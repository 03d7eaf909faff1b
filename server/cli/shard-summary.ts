import type { RefusedCommand, ShardReport, ShardStatus, StopLeft } from "../sync/report/shard-report.ts";

/** Kinds of commands that were not applied, for one shard. */
const MOST_REFUSED = 1000;

/** One shard in the summary of `--json`. Durations are in ms; null where the phase was not reached or not needed. */
export type ShardSummaryLine = {
  readonly shard: string;
  readonly status: ShardStatus;
  readonly reason: string | null;
  readonly phases: {
    /** Until the source answered, waiting for other syncs included. */
    readonly connect: number | null;
    /** Until the first byte of the RDB: the master's BGSAVE. */
    readonly waitForRdb: number | null;
    /** From the first to the last byte of the RDB. */
    readonly transfer: number | null;
    /** From the first byte of the RDB until its last key was answered by the destination. */
    readonly apply: number | null;
    /** From then until the lag was 0 bytes for the first time. */
    readonly catchUp: number | null;
  };
  readonly initialSyncs: number;
  readonly keys: number;
  readonly keysSkipped: number;
  readonly keysRejected: number;
  readonly rdbBytes: number;
  readonly commandsApplied: number;
  readonly commandsSkipped: number;
  readonly commandsRejected: number;
  /** Runs on the destination of scripts that the shard sends as they were called. */
  readonly scripts: { readonly ran: number; readonly failed: number };
  /** What was not applied, by command, database and reason: of the initial sync too, where `initialSync` is true. */
  readonly refused: readonly RefusedCommand[];
  /** Why the destination is other than the shard; null where nothing says that it is. */
  readonly differs: ShardReport["differs"];
  /** Expiries that stand far in the future, until it is known that they were not renewed; null is unknown. */
  readonly expiriesHeldBack: number | null;
  /** What the end of the run has left for the next start; null where it has left nothing. */
  readonly left: StopLeft | null;
  readonly appliedOffset: string | null;
  readonly lagBytes: number | null;
  readonly lagSeconds: number | null;
};

/** Follows one shard's reports as far as the summary needs them. */
export class ShardFollower {
  readonly name: string;
  readonly #startedAt: number;
  readonly #scripts = { ran: 0, failed: 0 };
  #held = false;
  #latest: ShardReport | null = null;
  readonly #refused = new Map<string, RefusedCommand>();
  #caughtUpAt: number | null = null;
  #synchronizingAt: number | null = null;

  constructor(name: string, startedAt: number) {
    this.name = name;
    this.#startedAt = startedAt;
  }

  accept(report: ShardReport): void {
    this.#latest = report;
    // The status at a stop is another one.
    if (report.status !== "paused") this.#held = report.held?.code === "SHARD_SHRANK";
    for (const { ran, failed } of report.scripts) {
      this.#scripts.ran += ran;
      this.#scripts.failed += failed;
    }
    for (const one of report.refused) this.#addRefused(one);
    if (report.status !== "synchronizing") return;
    this.#synchronizingAt ??= report.at;
    if (report.lag.bytes === 0 && report.stream?.doubtfulKeys === 0) this.#caughtUpAt ??= report.at;
  }

  #addRefused(one: RefusedCommand): void {
    const key = `${one.kind} ${one.command} ${one.db} ${one.reasonCode} ${one.initialSync === true}`;
    const before = this.#refused.get(key);
    if (before === undefined && this.#refused.size >= MOST_REFUSED) return;
    const samples = [...(before?.samples ?? []), ...one.samples];
    const count = (before?.count ?? 0) + one.count;
    this.#refused.set(key, { ...one, count, firstAt: before?.firstAt ?? one.firstAt, samples });
  }

  /** It is held until somebody decides. */
  get mustDecide(): boolean {
    return this.#held;
  }

  get scripts(): ShardSummaryLine["scripts"] {
    return this.#scripts;
  }

  get latest(): ShardReport | null {
    return this.#latest;
  }

  /** The initial sync is over and the lag has been 0 bytes since. */
  get caughtUp(): boolean {
    return this.#caughtUpAt !== null;
  }

  summary(): ShardSummaryLine {
    const report = this.#latest;
    const sync = report?.initialSync ?? null;
    const stream = report?.stream ?? null;
    const from = sync?.finishedAt ?? this.#synchronizingAt;
    return {
      shard: this.name,
      status: report?.status ?? "pending",
      reason: report?.reason?.message ?? null,
      phases: {
        connect: sync === null ? null : sync.startedAt - this.#startedAt,
        waitForRdb: between(sync?.startedAt, sync?.transferStartedAt),
        transfer: between(sync?.transferStartedAt, sync?.transferFinishedAt),
        apply: between(sync?.transferStartedAt, sync?.finishedAt),
        catchUp: between(from, this.#caughtUpAt),
      },
      initialSyncs: sync?.attempt ?? 0,
      keys: sync?.keysApplied ?? 0,
      keysSkipped: sync?.keysSkipped ?? 0,
      keysRejected: sync?.keysRejected ?? 0,
      rdbBytes: sync?.rdbBytesReceived ?? 0,
      commandsApplied: stream?.commandsApplied ?? 0,
      commandsSkipped: stream?.commandsSkipped ?? 0,
      commandsRejected: stream?.commandsRejected ?? 0,
      scripts: { ...this.#scripts },
      refused: [...this.#refused.values()],
      differs: report?.differs ?? null,
      expiriesHeldBack: report?.expiriesHeldBack ?? null,
      left: report?.left ?? null,
      appliedOffset: stream?.appliedOffset ?? null,
      lagBytes: report?.lag.bytes ?? null,
      lagSeconds: report?.lag.seconds ?? null,
    };
  }
}

function between(from: number | null | undefined, to: number | null | undefined): number | null {
  return from == null || to == null ? null : Math.max(0, to - from);
}
