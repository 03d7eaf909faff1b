import { mkdir, rm } from "node:fs/promises";
import { type PlainReason, TributaryError, toReason } from "../errors/tributary-error.ts";
import { formatAddress } from "../redis/endpoint.ts";
import { type ApplyContext, applyRdb, holds, ReplySwitch, streamApplier } from "./apply-generation.ts";
import { Backoff } from "./backoff.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { abilitiesOf } from "./destination-abilities.ts";
import { DestinationSession, type Standing } from "./destination-session.ts";
import { ExpiryKeeper } from "./expiry-keeper.ts";
import { ExpiryNudger } from "./expiry-nudger.ts";
import { ExpiryShade } from "./expiry-shade.ts";
import { FactsPoller } from "./facts-poller.ts";
import type { Generation } from "./generation.ts";
import { KeyRefresher } from "./key-refresher.ts";
import { LagMeter } from "./lag-meter.ts";
import type { LoadProgress } from "./load-replies.ts";
import { checkpointKey, doubtfulKeysKey, HEARTBEAT_KEY } from "./own-keys.ts";
import { pause } from "./pause.ts";
import { ReportBuilder } from "./report-builder.ts";
import type { ShardReport } from "./shard-report.ts";
import type { ShardSyncSpec } from "./shard-sync-spec.ts";
import { SourceReader } from "./source-reader.ts";
import { Rewind, type StreamApplier } from "./stream-applier.ts";
import { StreamClock } from "./stream-clock.ts";
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
  readonly #shade: ExpiryShade;
  readonly #clock: StreamClock;
  readonly #nudger: ExpiryNudger;
  readonly #ending = new AbortController();
  readonly #sourceFacts: FactsPoller;
  readonly #destinationFacts: FactsPoller;
  #reader: SourceReader | null = null;
  #generation: Generation | null = null;
  #session: DestinationSession | null = null;
  #applier: StreamApplier | null = null;
  #refresher: KeyRefresher | null = null;
  #epoch: number | null = null;
  #stopping: { forgetCheckpoint: boolean } | null = null;
  #destinationProblem: PlainReason | null = null;
  #fatal: PlainReason | null = null;
  #wake: () => void = () => {};
  #initialSyncs = 0;
  #unfencedSaid = false;
  /** The destination's checkpoint as it was written last. */
  #checkpoint: Checkpoint | null = null;
  /** Of a cutover: all that was received has been applied; nothing of ours is left on the destination. */
  #drainedOnce = false;
  #forgotten = false;
  #running: Promise<void> | null = null;

  /** @param options.now the clock, ms since the epoch. */
  constructor(spec: ShardSyncSpec, options: { onReport: (report: ShardReport) => void; now?: () => number }) {
    this.#spec = spec;
    this.#role = `shard ${spec.shardName}`;
    this.#now = options.now ?? Date.now;
    this.#lag = new LagMeter(this.#now);
    this.#clock = new StreamClock(this.#now);
    this.#clock.setHeartbeats(spec.heartbeatDb !== null);
    this.#nudger = new ExpiryNudger(this.#now);
    this.#shade = new ExpiryShade(spec.shardIndex, this.#clock, this.#nudger, this.#now);
    this.#report = new ReportBuilder(spec, this.#now, options.onReport);
    this.#ledger = new StreamLedger(this.#now, (event) => this.#report.event(event));
    const { signal } = this.#ending;
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
    if (this.#applier === null) this.#abandon();
    else await this.#settle(this.#applier, options.forgetCheckpoint ? FINISH_MS / 2 : DRAIN_MS / 2);
    await this.run();
    clearTimeout(giveUp);
  }

  /** Lets doubtful keys be put right, as long as that may take, and then ends the stream. */
  async #settle(applier: StreamApplier, mostMs: number): Promise<void> {
    const until = this.#now() + mostMs;
    while (this.#applier === applier && this.#refresher?.left !== 0 && this.#now() < until) {
      await pause(20, this.#ending.signal);
    }
    applier.stop();
  }

  /** null while the heartbeat is being written; else why not. */
  setHeartbeatProblem(problem: string | null): void {
    this.#lag.setProblem(problem);
    this.#clock.setHeartbeats(problem === null);
  }

  /** Stops waiting for anything: what has not been applied stays behind the checkpoint. */
  #abandon(): void {
    this.#ending.abort();
    this.#reader?.abandon();
    this.#session?.close();
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
    const standing = await this.#firstStanding();
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
        onBytes: () => this.#clock.heard(),
        onInterrupted: () => this.#clock.interrupted(),
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
      else await this.#apply(generation, reader);
    }
  }

  /** What the destination holds, asked until it answers; null when stopped meanwhile. */
  async #firstStanding(): Promise<Standing | null> {
    const backoff = new Backoff();
    while (!this.#ended()) {
      try {
        const session = await this.#open(new ReplySwitch(), () => {});
        const { standing } = session;
        session.close();
        return standing;
      } catch (error) {
        await this.#destinationFailed(error, backoff);
      }
    }
    return null;
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

  /** Applies one generation until it is over, reconnecting to the destination as often as it takes. */
  async #apply(generation: Generation, reader: SourceReader): Promise<void> {
    const backoff = new Backoff();
    const { signal } = generation.over;
    let loaded = generation.kind === "partial";
    while (!this.#ended() && !signal.aborted) {
      const replies = new ReplySwitch();
      let keeper: ExpiryKeeper | null = null;
      const leave = () => {
        this.#session?.close();
        keeper?.close();
      };
      try {
        const session = await this.#open(replies, () => this.#applier?.wake());
        signal.addEventListener("abort", leave);
        this.#ending.signal.addEventListener("abort", leave);
        keeper = await ExpiryKeeper.open(this.#spec, session, this.#shade, this.#clock, this.#now);
        backoff.reset();
        this.#destinationProblem = null;
        let from: Checkpoint;
        if (!loaded && (generation.rdb?.start ?? 0) > 0) {
          reader.restart(
            null,
            "the spool's quota did not allow the RDB to be kept, and it has to be applied again",
          );
          return;
        }
        if (!loaded) {
          from = await this.#initialSync(generation, session, replies);
          loaded = true;
        } else {
          const standing = this.#continuable(session.standing, generation, reader);
          if (standing === null) return;
          from = standing;
        }
        if (this.#stopping !== null && !this.#drainedOnce) return;
        await this.#stream(generation, session, replies, from, keeper);
        this.#drainedOnce = true;
        return await this.#drained(session, keeper);
      } catch (error) {
        if (error instanceof Rewind || signal.aborted || this.#ending.signal.aborted) continue;
        await this.#destinationFailed(error, backoff);
        this.#restartAfter(error, reader);
      } finally {
        signal.removeEventListener("abort", leave);
        this.#ending.signal.removeEventListener("abort", leave);
        this.#applier = null;
        keeper?.close();
        this.#session?.close();
        this.#session = null;
      }
    }
  }

  async #initialSync(
    generation: Generation,
    session: DestinationSession,
    replies: ReplySwitch,
  ): Promise<Checkpoint> {
    const progress: LoadProgress = {
      keysTotal: null,
      bytesApplied: 0,
      keysApplied: 0,
      keysSkipped: 0,
      keysRejected: 0,
    };
    this.#report.loading(progress);
    const checkpoint = await applyRdb(generation, session, replies, progress, this.#context());
    await generation.rdb?.close();
    this.#report.initialSyncFinished();
    this.#checkpointed(checkpoint);
    this.#lag.applied(checkpoint.offset, -1);
    this.#changed();
    return checkpoint;
  }

  async #stream(
    generation: Generation,
    session: DestinationSession,
    replies: ReplySwitch,
    from: Checkpoint,
    keeper: ExpiryKeeper,
  ): Promise<void> {
    this.#lag.applied(from.offset, -1);
    const { setPxat } = abilitiesOf(session.facts, session.facts.redisVersion);
    const applier = streamApplier(generation, from, session.link, replies, setPxat, this.#context());
    this.#applier = applier;
    this.#changed();
    if (this.#stopping !== null) applier.stop();
    const ended = new AbortController();
    const expiry = { shade: this.#shade, clock: this.#clock, nudger: this.#nudger };
    this.#refresher = new KeyRefresher(this.#spec, applier, expiry, {
      onSettled: () => this.#send(),
      onFailure: (message) => this.#report.event({ level: "warning", type: "refresh-failed", message }),
    });
    const keeping = Promise.all([keeper.run(ended.signal), this.#refresher.run(ended.signal)]);
    try {
      await applier.run();
    } finally {
      ended.abort();
      await keeping;
    }
  }

  /** Where to go on, if this generation can; otherwise the reader begins another one. */
  #continuable(standing: Standing, generation: Generation, reader: SourceReader): Checkpoint | null {
    if (standing.kind === "at" && holds(generation, standing)) return standing;
    if (standing.kind === "at") {
      const why = `the destination went back to offset ${standing.offset}, which is no longer in the spool`;
      this.#report.event({ level: "warning", type: "destination-went-back", message: why });
      reader.restart({ replid: standing.replid, offset: standing.offset }, why);
      return null;
    }
    const lost = new TributaryError("DESTINATION_DATA_LOST", {
      address: formatAddress(this.#spec.destination),
      role: this.#role,
    });
    this.#report.event({ level: "alert", type: "destination-data-lost", message: lost.message });
    reader.restart(null, "the destination has lost the shard's checkpoint");
    return null;
  }

  async #open(replies: ReplySwitch, onWake: () => void): Promise<DestinationSession> {
    const session = await DestinationSession.open(this.#spec, {
      epoch: this.#epoch,
      handler: replies,
      onWake,
      signal: this.#ending.signal,
    });
    this.#epoch = session.epoch;
    this.#session = session;
    if (session.unfenced !== null && !this.#unfencedSaid) {
      this.#unfencedSaid = true;
      const message = `Former connections to the destination cannot be closed (${session.unfenced}): grant CLIENT LIST and CLIENT KILL, so that never two engines write.`;
      this.#report.event({ level: "warning", type: "not-fenced", message });
    }
    return session;
  }

  /** All that was received is applied; a task that is finished leaves nothing of its own behind. */
  async #drained(session: DestinationSession, keeper: ExpiryKeeper): Promise<void> {
    const restored = await keeper.finish(this.#ending.signal);
    if (!this.#stopping?.forgetCheckpoint) return;
    if (!restored) throw new Error("not every expiry could be restored in time");
    if (this.#refresher?.left !== 0) {
      const message = `${this.#refresher?.left ?? "Some"} keys that may have expired early could not be copied again: compare them with the shard.`;
      this.#report.event({ level: "alert", type: "doubtful-keys-left", message });
    }
    await session.forget();
    this.#forgotten = true;
  }

  /** What was received cannot be applied, now or later: it has to be received again. */
  #restartAfter(error: unknown, reader: SourceReader): void {
    if (!(error instanceof TributaryError) || this.#stopping !== null) return;
    if (error.code === "RDB_CORRUPT") reader.restart(null, error.message.replace(/\.$/, ""));
    if (error.code === "SPOOL_FAILED" || error.code === "SOURCE_PROTOCOL") {
      reader.restart(this.#checkpoint, error.message.replace(/\.$/, ""));
    }
  }

  async #destinationFailed(error: unknown, backoff: Backoff): Promise<void> {
    const reason = toReason(error);
    if (!reason.retried) {
      this.#fatal = reason;
      return;
    }
    // When it comes back it may be another version of itself.
    this.#ledger.unknownCommands.clear();
    this.#destinationProblem = reason;
    this.#changed();
    await backoff.wait(this.#ending.signal);
  }

  #context(): ApplyContext {
    return {
      spec: this.#spec,
      role: this.#role,
      ledger: this.#ledger,
      shade: this.#shade,
      clock: this.#clock,
      now: this.#now,
      onGetAck: () => this.#reader?.acknowledge(),
      onApplied: (offset, heartbeatAt) => this.#lag.applied(offset, heartbeatAt),
      onCheckpoint: (checkpoint) => this.#checkpointed(checkpoint),
    };
  }

  #checkpointed(checkpoint: Checkpoint): void {
    this.#checkpoint = checkpoint;
    this.#report.checkpointed(checkpoint);
  }

  #ended(): boolean {
    return (
      this.#ending.signal.aborted || this.#fatal !== null || this.#reader?.fatal != null || this.#stopped
    );
  }

  /** A cutover that has begun to let go is tried again until it has let go, or its time is over. */
  get #stopped(): boolean {
    if (this.#stopping === null || this.#applier !== null) return false;
    return !this.#stopping.forgetCheckpoint || !this.#drainedOnce || this.#forgotten;
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
    if (this.#stopping?.forgetCheckpoint && !this.#forgotten) {
      const why = this.#destinationProblem?.message ?? "the stream was not applied to its end in time.";
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
      fatal: this.#fatal ?? this.#reader?.fatal ?? null,
      stopped:
        over && this.#stopping !== null ? (this.#stopping.forgetCheckpoint ? "finished" : "paused") : null,
      problem: this.#reader?.problem ?? this.#destinationProblem,
      waitingForRdb: this.#reader?.waitingForRdb ?? false,
      generation: this.#generation,
      receivedOffset: received,
      appliedOffset: this.#lag.appliedOffset,
      lag: this.#lag.read(),
      ledger: this.#ledger,
      doubtfulKeys: this.#refresher?.left ?? null,
      source: this.#sourceFacts,
      destination: this.#destinationFacts,
    });
  }
}
