import { withoutSecrets } from "../../errors/known-secrets.ts";
import { shownData } from "../../errors/shown-text.ts";
import { type PlainReason, reasonOf } from "../../errors/tributary-error.ts";
import type { ServerFacts } from "../../redis/server-info.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import type { Generation } from "../generation/generation.ts";
import type { LoadProgress } from "../initial/load-replies.ts";
import type { StreamLedger } from "../ledger/stream-ledger.ts";
import type { FactsPoller } from "../report/facts-poller.ts";
import type {
  DestinationFacts,
  HeldShard,
  InitialSyncProgress,
  InitialSyncStep,
  Lag,
  MergeFacts,
  ShardEvent,
  ShardReport,
  ShardStatus,
  SourceFacts,
  StopLeft,
} from "../report/shard-report.ts";
import type { ShardSyncSpec } from "../spec/shard-sync-spec.ts";
import { EventGate } from "./event-gate.ts";

/** Where a shard sync stands at the moment of a report. */
export type Moment = {
  readonly fatal: PlainReason | null;
  readonly stopped: "paused" | "finished" | null;
  /** What either end waits for; null while both links stand. */
  readonly problem: PlainReason | null;
  /** Removing keys waits for a decision, or for what stands in its way. */
  readonly held: HeldShard | null;
  readonly waitingForRdb: boolean;
  readonly generation: Generation | null;
  readonly receivedOffset: bigint | null;
  readonly appliedOffset: bigint | null;
  readonly lag: Lag;
  readonly ledger: StreamLedger;
  readonly doubtfulKeys: number | null;
  readonly expiriesHeldBack: number | null;
  readonly left: StopLeft | null;
  readonly merge: MergeFacts | null;
  readonly source: FactsPoller;
  readonly destination: FactsPoller;
};

type InitialSync = {
  readonly attempt: number;
  readonly generation: Generation;
  progress: LoadProgress | null;
  finishedAt: number | null;
};

const UNSTARTED: LoadProgress = {
  keysTotal: null,
  bytesApplied: 0,
  keysApplied: 0,
  keysSkipped: 0,
  keysRejected: 0,
  keysSetAside: 0,
  keysLeftOut: new Map(),
};

/** Makes a shard sync's reports: derives its status, notes since when, and hands on what is new. */
export class ReportBuilder {
  readonly #spec: ShardSyncSpec;
  readonly #now: () => number;
  readonly #onReport: (report: ShardReport) => void;
  #status: ShardStatus = "connecting";
  #since: number;
  readonly #events: EventGate;
  #initialSync: InitialSync | null = null;
  #checkpoint: Checkpoint | null = null;
  #initialSyncs: number;

  constructor(spec: ShardSyncSpec, now: () => number, onReport: (report: ShardReport) => void) {
    this.#spec = spec;
    this.#now = now;
    this.#onReport = onReport;
    this.#since = now();
    this.#initialSyncs = spec.initialSyncsBefore ?? 0;
    this.#events = new EventGate(now);
  }

  event(event: Omit<ShardEvent, "at">): void {
    // Some say what a server has answered.
    this.#events.add({ ...event, message: withoutSecrets(event.message) });
  }

  beginInitialSync(generation: Generation): void {
    const attempt = ++this.#initialSyncs;
    this.#initialSync = { attempt, generation, progress: null, finishedAt: null };
    this.event({
      level: "info",
      type: "initial-sync-started",
      message: `Initial sync ${attempt}: ${generation.why}.`,
    });
  }

  loading(progress: LoadProgress): void {
    if (this.#initialSync !== null) this.#initialSync.progress = progress;
  }

  /** @param losses what could not be copied; null where all could be. */
  initialSyncFinished(losses: string | null): void {
    const sync = this.#initialSync;
    if (sync === null) return;
    sync.finishedAt = this.#now();
    const seconds = ((sync.finishedAt - sync.generation.startedAt) / 1000).toFixed(1);
    const count = counted(sync.progress?.keysApplied ?? 0);
    this.event({
      level: "info",
      type: "initial-sync-finished",
      message: `Initial sync finished: ${count} in ${seconds} s.`,
    });
    const leftOut = [...(sync.progress?.keysLeftOut ?? [])].sort(([a], [b]) => a - b);
    if (leftOut.length > 0) {
      const named = leftOut.map(([db, left]) => `database ${db} (${counted(left)})`).join(", ");
      const message = `Left out, since the task does not name them: ${named}.`;
      this.event({ level: "warning", type: "databases-left-out", message });
    }
    if (losses === null) return;
    const message = `The initial sync could not copy all that the shard holds: ${losses}. The destination lacks that.`;
    this.event({ level: "alert", type: "initial-sync-losses", message });
  }

  checkpointed(checkpoint: Checkpoint): void {
    this.#checkpoint = checkpoint;
  }

  send(moment: Moment): void {
    const status = this.#statusOf(moment);
    const now = this.#now();
    if (status !== this.#status) {
      this.#status = status;
      this.#since = now;
    }
    const { ledger } = moment;
    // The one place through which all goes that a shard sync has heard: to the pages, the command line, the database.
    const report: ShardReport = {
      taskId: this.#spec.taskId,
      shardId: this.#spec.shardId,
      at: now,
      status,
      reason: this.#reasonOf(moment, status),
      since: this.#since,
      source:
        moment.source.facts === null
          ? null
          : {
              address: moment.source.address ?? "",
              ...sourceFacts(moment.source.facts),
              masterReplOffset: String(sourceOffset(moment.source.facts, moment)),
            },
      destination: moment.destination.facts === null ? null : destinationFacts(moment.destination.facts),
      initialSync: this.#progressOf(moment),
      initialSyncs: this.#initialSyncs,
      stream:
        moment.receivedOffset === null || moment.appliedOffset === null
          ? null
          : {
              receivedOffset: String(moment.receivedOffset),
              appliedOffset: String(moment.appliedOffset),
              commandsApplied: ledger.commandsApplied,
              commandsSkipped: ledger.refusals.skipped,
              commandsRejected: ledger.refusals.rejected,
              doubtfulKeys: moment.doubtfulKeys,
              bytesApplied: ledger.bytesApplied,
              batches: ledger.batches,
              writes: ledger.writes.read(now, Number(moment.appliedOffset)),
            },
      expiriesHeldBack: moment.expiriesHeldBack,
      left: moment.left,
      lag: moment.lag,
      checkpoint:
        this.#checkpoint === null
          ? null
          : {
              replid: this.#checkpoint.replid,
              offset: String(this.#checkpoint.offset),
              db: this.#checkpoint.db,
            },
      sourceKeys: moment.source.keys,
      destinationKeys: moment.destination.keys,
      merge: moment.merge,
      spool: spoolOf(moment.generation),
      held: status === "held" ? moment.held : null,
      differs: ledger.differences.get(),
      refused: ledger.refusals.take(),
      scripts: ledger.scripts.take(),
      events: this.#events.take(moment.fatal !== null || moment.stopped !== null),
    };
    this.#onReport(shownData(report));
  }

  #statusOf(moment: Moment): ShardStatus {
    if (moment.fatal !== null) return "failed";
    if (moment.stopped !== null) return moment.stopped;
    if (moment.held !== null) return "held";
    if (moment.problem !== null) return "retrying";
    const { generation } = moment;
    if (generation === null) return moment.waitingForRdb ? "initial-sync" : "connecting";
    if (generation.kind === "partial") return "synchronizing";
    return this.#initialSync?.generation === generation && this.#initialSync.finishedAt !== null
      ? "synchronizing"
      : "initial-sync";
  }

  #reasonOf({ fatal, problem, held }: Moment, status: ShardStatus): PlainReason | null {
    if (fatal !== null || status === "retrying") return fatal ?? problem;
    if (status !== "held" || held === null) return null;
    const role = `shard ${this.#spec.shardName}`;
    const { code, wouldRemove, of, waitsFor } = held;
    return reasonOf(code, { role, count: wouldRemove, of, detail: waitsFor });
  }

  #progressOf(moment: Moment): InitialSyncProgress | null {
    const sync = this.#initialSync;
    if (sync === null) return null;
    const { generation } = sync;
    const progress = sync.progress ?? UNSTARTED;
    return {
      attempt: sync.attempt,
      step: progress.reconciling ? "reconciling" : stepOf(generation, moment.waitingForRdb),
      startedAt: generation.startedAt,
      transferStartedAt: generation.rdbStartedAt,
      transferFinishedAt: generation.rdbFinishedAt,
      finishedAt: sync.finishedAt,
      rdbBytesTotal:
        generation.rdbTotal ?? (generation.rdbFinishedAt === null ? null : generation.rdbReceived),
      rdbBytesReceived: generation.rdbReceived,
      rdbBytesApplied: progress.bytesApplied,
      keysTotal: progress.keysTotal,
      keysApplied: progress.keysApplied,
      keysSkipped: progress.keysSkipped,
      keysRejected: progress.keysRejected,
      keysSetAside: progress.keysSetAside,
      why: generation.why,
    };
  }
}

const counted = (keys: number) => `${keys.toLocaleString("en-US")} ${keys === 1 ? "key" : "keys"}`;

function stepOf(generation: Generation, waitingForRdb: boolean): InitialSyncStep {
  if (waitingForRdb || generation.rdbStartedAt === null) return "waiting-for-rdb";
  return generation.rdbFinishedAt === null ? "transferring" : "applying";
}

function spoolOf(generation: Generation | null): { memoryBytes: number; diskBytes: number } {
  if (generation === null) return { memoryBytes: 0, diskBytes: 0 };
  const { rdb, stream } = generation;
  return {
    memoryBytes: stream.memoryBytes + (rdb?.memoryBytes ?? 0),
    diskBytes: stream.diskBytes + (rdb?.diskBytes ?? 0),
  };
}

/** INFO's, or what has come through the stream of the same history since. */
function sourceOffset(facts: ServerFacts, { generation, receivedOffset }: Moment): bigint {
  const same = generation !== null && (facts.replid === "" || generation.replids.includes(facts.replid));
  if (!same || receivedOffset === null || receivedOffset < facts.masterReplOffset)
    return facts.masterReplOffset;
  return receivedOffset;
}

function sourceFacts(facts: ServerFacts): Omit<SourceFacts, "address" | "masterReplOffset"> {
  return {
    version: facts.version,
    flavor: facts.flavor,
    role: facts.role,
    runId: facts.runId,
    replid: facts.replid,
    backlogSize: facts.backlogSize,
    backlogFirstOffset: facts.backlogFirstByteOffset === null ? null : String(facts.backlogFirstByteOffset),
    connectedReplicas: facts.connectedReplicas,
    usedMemory: facts.usedMemory,
  };
}

function destinationFacts(facts: ServerFacts): DestinationFacts {
  return {
    version: facts.version,
    flavor: facts.flavor,
    role: facts.role,
    runId: facts.runId,
    usedMemory: facts.usedMemory,
    maxMemory: facts.maxMemory ?? 0,
    maxMemoryPolicy: facts.maxMemoryPolicy ?? "unknown",
  };
}
