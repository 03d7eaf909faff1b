import type { PlainReason } from "../../errors/tributary-error.ts";
import type { RefusedCommand, ShardReport } from "../../sync/report/shard-report.ts";
import { RateWindow } from "./rate-window.ts";
import type { Acknowledgement, ShardFacts, ShardRecord } from "./task-record.ts";

/** What is known of one shard sync as it runs, from its reports. */
export class ShardRun {
  /** Its addresses may change while nothing of the task runs. */
  record: ShardRecord;
  readonly rates = new RateWindow();
  /** The latest facts; from before a restart or a pause where `fresh` is false. */
  facts: ShardFacts | null;
  /** The facts are of the run that was started last. */
  fresh = false;
  /** Given to the runner and not yet known to have ended. */
  running = false;
  /** It ended by itself: what its last report says stays, until it is started again. */
  ended = false;
  /** Its worker died and it is about to be started again. */
  died: { readonly reason: PlainReason; readonly at: number } | null = null;
  /** Its worker died again and again by it: it is not started again but by the user. */
  givenUp: PlainReason | null = null;
  startedAt = 0;
  /** It is to be copied again, as soon as it runs. */
  resyncWanted = false;
  /** It has had a checkpoint: a destination without one has lost it. */
  hasCheckpoint: boolean;
  acknowledged: Acknowledgement | null;
  skippedTotal: number;
  rejectedTotal: number;

  constructor(
    record: ShardRecord,
    facts: ShardFacts | null,
    totals: { skipped: number; rejected: number } | undefined,
    hasCheckpoint: boolean,
  ) {
    this.hasCheckpoint = hasCheckpoint;
    this.record = record;
    this.acknowledged = record.acknowledged;
    this.facts = facts;
    this.skippedTotal = totals?.skipped ?? 0;
    this.rejectedTotal = totals?.rejected ?? 0;
  }

  /** Begun since the task was created. Facts that were kept by an earlier version know the last one's number only. */
  get initialSyncs(): number {
    return this.facts?.initialSyncs ?? this.facts?.initialSync?.attempt ?? 0;
  }

  begin(at: number): void {
    this.running = true;
    this.ended = false;
    this.fresh = false;
    this.died = null;
    this.startedAt = at;
    this.rates.clear();
  }

  /** It stopped since its data was lost, and begins anew at its next start; false when it did not. */
  acceptLoss(): boolean {
    if (this.running || this.facts?.reason?.code !== "DESTINATION_DATA_LOST") return false;
    this.hasCheckpoint = false;
    return true;
  }

  /** @param ended by itself, not on request. */
  end(ended: boolean): void {
    this.running = false;
    this.ended = ended;
    this.resyncWanted = false;
    this.died = null;
    this.rates.clear();
  }

  die(reason: PlainReason, at: number): void {
    this.died = { reason, at };
    this.fresh = false;
    this.rates.clear();
  }

  accept(report: ShardReport): void {
    const { refused, scripts: _, events: __, ...facts } = report;
    this.facts = facts;
    this.fresh = true;
    this.died = null;
    this.rates.add(report.at, {
      commands: facts.stream?.commandsApplied ?? null,
      bytes: facts.stream?.bytesApplied ?? null,
      rdbBytes: facts.initialSync?.rdbBytesApplied ?? null,
      keys: facts.initialSync?.keysApplied ?? null,
    });
    this.skippedTotal += sumOf(refused, "skipped");
    this.rejectedTotal += sumOf(refused, "rejected");
  }
}

function sumOf(refused: readonly RefusedCommand[], kind: RefusedCommand["kind"]): number {
  return refused.reduce((sum, command) => (command.kind === kind ? sum + command.count : sum), 0);
}
