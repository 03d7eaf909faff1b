import { mkdir, rm } from "node:fs/promises";
import { type PlainReason, toReason } from "../errors/tributary-error.ts";
import { DestinationSide } from "./destination-side.ts";
import { FactsPoller } from "./facts-poller.ts";
import type { Generation } from "./generation.ts";
import { LagMeter } from "./lag-meter.ts";
import { checkpointKey, doubtfulKeysKey, HEARTBEAT_KEY } from "./own-keys.ts";
import { ReportBuilder } from "./report-builder.ts";
import type { ShardReport } from "./shard-report.ts";
import type { ShardSyncSpec } from "./shard-sync-spec.ts";
import { SourceReader } from "./source-reader.ts";
import { StreamLedger } from "./stream-ledger.ts";

const REPORT_MS = 1000;
const SOURCE_POLL_MS = 2000;
const DESTINATION_POLL_MS = 5000;
/** What was received is applied within this at a stop, or left to the next start. */
const DRAIN_MS = 4500;
const FINISH_MS = 110_000;

/**
 * One shard into the destination:
 *
 *     source reader ─► generation (RDB, stream: spools) ─► initial sync ─► stream applier ─► destination
 *
 * The two ends live apart: the source reader keeps its link and takes everything in while the destination is
 * away, and the destination is written from the spools while the source is away. What connects them is the
 * generation at hand and the checkpoint on the destination.
 */
export class ShardSync {
  readonly #spec: ShardSyncSpec;
  readonly #role: string;
  readonly #now: () => number;
  readonly #report: ReportBuilder;
  readonly #lag: LagMeter;
  readonly #ledger: StreamLedger;
  readonly #ending = new AbortController();
  readonly #destination: DestinationSide;
  readonly #sourceFacts: FactsPoller;
  readonly #destinationFacts: FactsPoller;
  #reader: SourceReader | null = null;
  #generation: Generation | null = null;
  #stopping: { forgetCheckpoint: boolean } | null = null;
  #fatal: PlainReason | null = null;
  #wake: () => void = () => {};
  #initialSyncs = 0;
  #running: Promise<void> | null = null;

  /** @param options.now the clock, ms since the epoch. */
  constructor(spec: ShardSyncSpec, options: { onReport: (report: ShardReport) => void; now?: () => number }) {
    this.#spec = spec;
    this.#role = `shard ${spec.shardName}`;
    this.#now = options.now ?? Date.now;
    this.#lag = new LagMeter(this.#now);
    this.#report = new ReportBuilder(spec, this.#now, options.onReport);
    this.#ledger = new StreamLedger(this.#now, (event) => this.#report.event(event));
    const { signal } = this.#ending;
    this.#destination = new DestinationSide({
      spec,
      role: this.#role,
      now: this.#now,
      report: this.#report,
      lag: this.#lag,
      ledger: this.#ledger,
      acknowledge: () => this.#reader?.acknowledge(),
      onChange: () => this.#changed(),
      signal,
    });
    this.#sourceFacts = new FactsPoller({
      endpoint: spec.source,
      role: this.#role,
      intervalMs: SOURCE_POLL_MS,
      ownKeys: spec.heartbeatDb === null ? [] : [{ key: HEARTBEAT_KEY, db: spec.heartbeatDb, expires: true }],
      onFacts: (facts) => this.#lag.sourceAt(facts.masterReplOffset),
      signal,
    });
    this.#destinationFacts = new FactsPoller({
      endpoint: spec.destination,
      role: "the destination",
      intervalMs: DESTINATION_POLL_MS,
      ownKeys: [
        checkpointKey(spec.taskId),
        ...[spec, ...spec.siblings].map((shard) => doubtfulKeysKey(spec.taskId, shard.shardId)),
      ].map((key) => ({ key, db: spec.checkpointDb, expires: false })),
      onFacts: () => {},
      signal,
    });
  }

  /** Runs until stop() or a reason that is not retried; never rejects. */
  run(): Promise<void> {
    this.#running ??= this.#run();
    return this.#running;
  }

  /** Applies what was received, writes the checkpoint, closes: within 5 s. */
  async stop(options: { forgetCheckpoint: boolean }): Promise<void> {
    this.#stopping ??= options;
    // A cutover may take longer: what is not put right by then would stay wrong for good.
    const giveUp = setTimeout(() => this.#abandon(), options.forgetCheckpoint ? FINISH_MS : DRAIN_MS);
    const settleMs = (options.forgetCheckpoint ? FINISH_MS : DRAIN_MS) / 2;
    if (!(await this.#destination.stop(this.#stopping, settleMs))) this.#abandon();
    await this.run();
    clearTimeout(giveUp);
  }

  /** null while the heartbeat is being written; else why not. */
  setHeartbeatProblem(problem: string | null): void {
    this.#lag.setProblem(problem);
    this.#destination.clock.setHeartbeats(problem === null);
  }

  /** Stops waiting for anything: what has not been applied stays behind the checkpoint. */
  #abandon(): void {
    this.#ending.abort();
    this.#reader?.abandon();
    this.#destination.leave();
    this.#wake();
  }

  async #run(): Promise<void> {
    const timer = setInterval(() => this.#send(), REPORT_MS);
    const background: Promise<void>[] = [];
    this.#send();
    try {
      await rm(this.#spec.spoolDirectory, { recursive: true, force: true });
      await mkdir(this.#spec.spoolDirectory, { recursive: true });
      await this.#sourceFacts.ask();
      background.push(this.#sourceFacts.run(), this.#destinationFacts.run());
      await this.#untilStopped(background);
    } catch (error) {
      if (!this.#ending.signal.aborted) this.#fatal = toReason(error);
    } finally {
      clearInterval(timer);
      await this.#close(background);
    }
  }

  async #untilStopped(background: Promise<void>[]): Promise<void> {
    const standing = await this.#destination.firstStanding();
    if (standing === null) return;
    const resume = standing.kind === "at" ? { replid: standing.replid, offset: standing.offset } : null;
    const why = standing.kind === "begun" ? "the initial sync before was not finished" : "first start";
    const reader = new SourceReader(
      {
        spec: this.#spec,
        role: this.#role,
        now: this.#now,
        ackOffset: () => this.#lag.appliedOffset ?? this.#generation?.offset ?? 0n,
        announceVersion: () =>
          this.#sourceFacts.facts?.flavor === "valkey" ? this.#sourceFacts.facts.version : null,
        onGeneration: (generation) => this.#begin(generation),
        onBytes: () => this.#destination.clock.heard(),
        onInterrupted: () => this.#destination.clock.interrupted(),
        onChange: () => this.#changed(),
        onEvent: (level, type, message) => this.#report.event({ level, type, message }),
        signal: this.#ending.signal,
      },
      resume,
      why,
    );
    this.#reader = reader;
    background.push(reader.run());
    while (!this.#ended()) {
      const generation = this.#generation;
      if (generation === null || generation.over.signal.aborted) await this.#change();
      else await this.#destination.apply(generation, reader);
    }
  }

  #begin(generation: Generation): void {
    this.#generation = generation;
    this.#lag.reset();
    if (generation.kind === "full") {
      this.#ledger.newHistory();
      this.#initialSyncs++;
      this.#report.beginInitialSync(this.#initialSyncs, generation);
    } else {
      const message = `Continuing the stream after offset ${generation.offset}.`;
      this.#report.event({ level: "info", type: "stream-resumed", message });
    }
    this.#changed();
  }

  #ended(): boolean {
    return this.#fatal !== null || this.#reader?.fatal != null || this.#destination.ended;
  }

  /** Resolves at the next change of either end. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #changed(): void {
    this.#wake();
    this.#send();
  }

  async #close(background: readonly Promise<void>[]): Promise<void> {
    this.#ending.abort();
    await Promise.all(background);
    if (this.#stopping?.forgetCheckpoint && !this.#destination.forgotten) {
      const why = this.#destination.problem?.message ?? "the stream was not applied to its end in time.";
      const message = `The cutover was not completed: ${why} Expiries of single keys may still be wrong on the destination.`;
      this.#report.event({ level: "alert", type: "cutover-incomplete", message });
    }
    this.#send();
    await this.#reader?.close();
    await rm(this.#spec.spoolDirectory, { recursive: true, force: true }).catch(() => {});
  }

  #send(): void {
    const received = this.#reader?.receivedOffset ?? null;
    if (received !== null) this.#lag.sourceAt(received);
    const over = this.#running !== null && this.#ending.signal.aborted;
    this.#report.send({
      fatal: this.#fatal ?? this.#destination.fatal ?? this.#reader?.fatal ?? null,
      stopped:
        over && this.#stopping !== null ? (this.#stopping.forgetCheckpoint ? "finished" : "paused") : null,
      problem: this.#reader?.problem ?? this.#destination.problem,
      waitingForRdb: this.#reader?.waitingForRdb ?? false,
      generation: this.#generation,
      receivedOffset: received,
      appliedOffset: this.#lag.appliedOffset,
      lag: this.#lag.read(),
      ledger: this.#ledger,
      doubtfulKeys: this.#destination.doubtfulKeys,
      source: this.#sourceFacts,
      destination: this.#destinationFacts,
    });
  }
}
