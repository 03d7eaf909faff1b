import { mkdir, rm } from "node:fs/promises";
import { type PlainReason, toReason } from "../errors/tributary-error.ts";
import type { RedisEndpoint } from "../redis/endpoint.ts";
import type { SegmentFiles } from "../replica/segment-file.ts";
import { beginning } from "./apply/continuation.ts";
import { GenerationApplier } from "./apply/generation-applier.ts";
import type { StopOptions } from "./apply/stop-options.ts";
import { DestinationDurability } from "./destination/destination-durability.ts";
import { destinationPoller } from "./destination/destination-poller.ts";
import { currentReplid, type Generation } from "./generation/generation.ts";
import { GenerationSpools } from "./generation/generation-spools.ts";
import { StreamLedger } from "./ledger/stream-ledger.ts";
import { Hold } from "./reconcile/hold.ts";
import type { FactsPoller } from "./report/facts-poller.ts";
import { LagMeter } from "./report/lag-meter.ts";
import type { EventLevel, HoldDecision, ShardReport, StopLeft } from "./report/shard-report.ts";
import { receiveAll } from "./source/receive-all.ts";
import { SourceLocator } from "./source/source-locator.ts";
import { sourcePoller } from "./source/source-poller.ts";
import { SourceReader } from "./source/source-reader.ts";
import { watchSource } from "./source/source-watch.ts";
import { destinationDb } from "./spec/database-map.ts";
import type { ShardSyncSpec } from "./spec/shard-sync-spec.ts";
import { SYNC_LIMITS, type SyncLimits } from "./spec/sync-limits.ts";
import { ReportBuilder } from "./status/report-builder.ts";
import { TaskMerge } from "./strays/task-merge.ts";

const REPORT_MS = 1000;
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
  readonly #limits: SyncLimits;
  readonly #report: ReportBuilder;
  readonly #lag: LagMeter;
  readonly #ledger: StreamLedger;
  readonly #hold: Hold;
  readonly #ending = new AbortController();
  readonly #locator: SourceLocator;
  readonly #spools: GenerationSpools;
  readonly #merge: TaskMerge;
  readonly #durability: DestinationDurability;
  readonly #destination: GenerationApplier;
  readonly #sourceFacts: FactsPoller;
  readonly #destinationFacts: FactsPoller;
  #reader: SourceReader | null = null;
  #generation: Generation | null = null;
  #stopping: StopOptions | null = null;
  #stopped: Promise<void> | null = null;
  #fatal: PlainReason | null = null;
  #wake: () => void = () => {};
  #running: Promise<void> | null = null;

  /** @param options.now the clock, ms since the epoch. */
  constructor(
    spec: ShardSyncSpec,
    options: {
      onReport: (report: ShardReport) => void;
      now?: () => number;
      limits?: Partial<SyncLimits>;
      /** The disk under the spools. */
      files?: SegmentFiles;
    },
  ) {
    this.#spec = spec;
    this.#role = `shard ${spec.shardName}`;
    this.#now = options.now ?? Date.now;
    this.#limits = { ...SYNC_LIMITS, ...options.limits };
    this.#lag = new LagMeter(this.#now);
    this.#report = new ReportBuilder(spec, this.#now, options.onReport);
    this.#merge = new TaskMerge(spec, this.#now);
    this.#ledger = new StreamLedger(
      this.#now,
      (event) => this.#report.event(event),
      () => this.#followFlush(),
    );
    this.#durability = new DestinationDurability(() => performance.now(), this.#limits.destinationLossMs);
    this.#hold = new Hold(this.#now, () => this.#changed());
    const { signal } = this.#ending;
    this.#spools = new GenerationSpools({
      spec,
      role: this.#role,
      onEvent: this.#event,
      onChange: () => this.#changed(),
      ...(options.files === undefined ? {} : { files: options.files }),
    });
    this.#locator = new SourceLocator({
      addresses: spec,
      role: this.#role,
      now: this.#now,
      onEvent: this.#event,
      signal,
    });
    this.#destination = new GenerationApplier({
      spec,
      sourceEndpoint: () => this.#locator.current,
      role: this.#role,
      now: this.#now,
      report: this.#report,
      lag: this.#lag,
      ledger: this.#ledger,
      hold: this.#hold,
      sourceKeys: () => this.#sourceKeys(),
      limits: this.#limits,
      durability: this.#durability,
      merge: this.#merge,
      acknowledge: () => this.#reader?.acknowledge(),
      onChange: () => this.#changed(),
      onInitialSync: () => this.#destinationFacts.hurry(),
      signal,
    });
    this.#sourceFacts = sourcePoller(
      spec,
      this.#role,
      this.#locator,
      this.#lag,
      (offset, removed) => this.#ledger.writes.explain(offset, removed),
      signal,
    );
    const { destinationPollMs } = this.#limits;
    this.#destinationFacts = destinationPoller(spec, destinationPollMs, this.#durability, signal);
  }

  readonly #event = (level: EventLevel, type: string, message: string): void =>
    this.#report.event({ level, type, message });

  /** Runs until stop() or a reason that is not retried; never rejects. */
  run(): Promise<void> {
    this.#running ??= this.#run();
    return this.#running;
  }

  /**
   * Applies what was received, writes the checkpoint, closes: within 5 s. A cutover may take longer, since what is not
   * put right by then would stay wrong for good; a stop that comes meanwhile leaves it the time of a stop.
   */
  stop(options: StopOptions): Promise<void> {
    const giveUpMs = this.#patience(options);
    const giveUp = setTimeout(() => this.#abandon(), giveUpMs);
    this.#stopped ??= this.#stop(options);
    return this.#stopped.finally(() => clearTimeout(giveUp));
  }

  /** ms that a stop may take. */
  #patience({ forgetCheckpoint, patient, forSwitch }: StopOptions): number {
    return forgetCheckpoint || patient === true || forSwitch === true ? FINISH_MS : this.#limits.drainMs;
  }

  async #stop(options: StopOptions): Promise<void> {
    this.#stopping = options;
    const settleMs = this.#patience(options) / 2;
    const receivedAll = (until: number) =>
      receiveAll({
        facts: this.#sourceFacts,
        received: () => this.#reader?.receivedOffset ?? 0n,
        until,
        now: this.#now,
        signal: this.#ending.signal,
      });
    if (!(await this.#destination.stop(options, settleMs, receivedAll))) this.#abandon();
    await this.run();
  }

  /** What is to be done while it is held; not heard otherwise. */
  decide(decision: HoldDecision): void {
    this.#hold.decide(decision);
  }

  /** Copies the shard again, and removes what it no longer has. */
  resync(): void {
    const why = "it was asked for";
    if (this.#reader === null || this.#stopping !== null) return;
    this.#hold.asked = true;
    this.#hold.following = false;
    this.#reader.restart(null, why);
    this.#event("info", "resync-requested", "The shard is copied again: it was asked for.");
    this.#changed();
  }

  /**
   * The shard was flushed. With a ring it is known which keys are its own, so that the task may follow: the shard is
   * copied again, and what it no longer has is removed without asking.
   */
  #followFlush(): void {
    if (this.#spec.onFlush !== "own-keys" || this.#merge.ownership === null) return;
    if (this.#reader === null || this.#stopping !== null) return;
    this.#hold.flushed = true;
    this.#event(
      "info",
      "flush-followed",
      "The shard was flushed: it is copied again, and its keys are removed.",
    );
    this.#reader.restart(null, "the shard was flushed");
    this.#changed();
  }

  /** What is known to differ has been taken note of. */
  acknowledge(): void {
    this.#ledger.differences.acknowledge();
    this.#changed();
  }

  /** Keys have been noted on the destination to be repaired: they are looked for at once. */
  repair(): void {
    this.#destination.lookAtNoted();
  }

  /** Where the shard's master is; null while it has not been found. */
  get source(): RedisEndpoint | null {
    return this.#locator.current;
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
      // What lies there are the users' data.
      await mkdir(this.#spec.spoolDirectory, { recursive: true, mode: 0o700 });
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
    const state = await this.#destination.firstState();
    if (state === null) return;
    const context = { spec: this.#spec, role: this.#role, report: this.#report };
    const start = beginning(state, context);
    if (start.kind === "stop") this.#fatal = start.reason;
    if (start.kind !== "receive") return;
    const reader = new SourceReader(
      {
        spec: this.#spec,
        locator: this.#locator,
        role: this.#role,
        now: this.#now,
        limits: this.#limits,
        spools: this.#spools,
        ackOffset: () => this.#lag.appliedOffset ?? this.#generation?.offset ?? 0n,
        announceVersion: () => {
          const facts = this.#locator.facts ?? this.#sourceFacts.facts;
          return facts?.flavor === "valkey" ? facts.version : null;
        },
        onGeneration: (generation) => this.#begin(generation),
        onLinked: () => this.#destination.clock.linked(),
        onBytes: () => this.#destination.clock.bytesReceived(),
        onInterrupted: () => this.#destination.clock.interrupted(),
        onChange: () => this.#changed(),
        onEvent: this.#event,
        signal: this.#ending.signal,
      },
      start.wanted.resume,
      start.wanted.why,
    );
    this.#reader = reader;
    background.push(reader.run().then(() => this.#readerEnded()));
    const role = () => this.#sourceFacts.facts?.role;
    background.push(watchSource(this.#spec, this.#locator, reader, role, this.#ending.signal));
    while (!this.#ended()) {
      const generation = this.#generation;
      if (generation === null || generation.over.signal.aborted) await this.#change();
      else await this.#destination.apply(generation, reader);
    }
  }

  /** Keys that the shard has, as its master said last in the history that is being applied. */
  #sourceKeys(): number | null {
    const { facts, keys } = this.#sourceFacts;
    const generation = this.#generation;
    if (facts === null || keys === null || generation === null) return null;
    if (currentReplid(generation) !== (facts.replid || facts.runId)) return null;
    return keys
      .filter(({ db }) => destinationDb(this.#spec.databases, db) !== null)
      .reduce((sum, count) => sum + count.keys, 0);
  }

  /** For good: what was received is applied before the shard sync ends, too. */
  #readerEnded(): void {
    if (this.#reader?.fatal != null) void this.stop({ forgetCheckpoint: false });
  }

  #begin(generation: Generation): void {
    this.#generation = generation;
    this.#lag.reset();
    if (generation.kind === "full") {
      this.#ledger.newHistory();
      this.#hold.following = this.#hold.flushed;
      this.#report.beginInitialSync(generation);
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
    if (this.#stopping?.forgetCheckpoint === false && this.#destination.unfinished) {
      const seconds = this.#patience(this.#stopping) / 1000;
      const message = `What had been received could not all be applied and put right within ${seconds} s: the next start goes on with it. Left: ${leftText(this.#left())}.`;
      this.#event("warning", "drain-incomplete", message);
    }
    if (this.#stopping?.forgetCheckpoint && !this.#destination.forgotten) {
      const why = this.#destination.problem?.message ?? "the stream was not applied to its end in time.";
      const message = `The cutover was not completed: ${why} Expiries of single keys may still be wrong on the destination.`;
      this.#report.event({ level: "alert", type: "cutover-incomplete", message });
    }
    this.#send();
    await this.#reader?.close();
    await rm(this.#spec.spoolDirectory, { recursive: true, force: true }).catch(() => {});
  }

  /** What a stop has left undone; null while none has. */
  #left(): StopLeft | null {
    if (!this.#ending.signal.aborted || this.#stopping?.forgetCheckpoint !== false) return null;
    if (!this.#destination.incomplete || this.#fatal !== null) return null;
    const [received, applied] = [this.#reader?.receivedOffset ?? null, this.#lag.appliedOffset];
    return {
      bytes: received === null || applied === null ? null : Number(received - applied),
      doubtfulKeys: this.#destination.doubtfulKeys,
      expiriesHeldBack: this.#destination.expiriesHeldBack,
    };
  }

  #send(): void {
    const received = this.#reader?.receivedOffset ?? null;
    if (received !== null) this.#lag.sourceAt(received);
    const over = this.#running !== null && this.#ending.signal.aborted;
    this.#report.send({
      fatal: this.#fatal ?? this.#destination.fatal ?? this.#reader?.fatal ?? null,
      stopped:
        over && this.#stopping !== null ? (this.#stopping.forgetCheckpoint ? "finished" : "paused") : null,
      problem: this.#reader?.problem ?? this.#destination.problem ?? this.#spools.problem,
      held: this.#hold.held,
      waitingForRdb: this.#reader?.waitingForRdb ?? false,
      generation: this.#generation,
      receivedOffset: received,
      appliedOffset: this.#lag.appliedOffset,
      lag: this.#lag.read(),
      ledger: this.#ledger,
      doubtfulKeys: this.#destination.doubtfulKeys,
      left: this.#left(),
      expiriesHeldBack: this.#destination.expiriesHeldBack,
      merge: this.#merge.facts(),
      source: this.#sourceFacts,
      destination: this.#destinationFacts,
    });
  }
}

function leftText(left: StopLeft | null): string {
  const count = (value: number | null | undefined, what: string) =>
    value == null ? `an unknown number of ${what}` : `${value.toLocaleString("en-US")} ${what}`;
  const parts = [
    count(left?.bytes, "bytes of the stream that are not applied"),
    count(left?.doubtfulKeys, "keys to be copied again"),
    count(left?.expiriesHeldBack, "expiries that stand far in the future"),
  ];
  return parts.join(", ");
}
