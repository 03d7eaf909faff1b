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
import type { Generation } from "./generation.ts";
import { KeyRefresher } from "./key-refresher.ts";
import type { LagMeter } from "./lag-meter.ts";
import type { LoadProgress } from "./load-replies.ts";
import { pause } from "./pause.ts";
import type { ReportBuilder } from "./report-builder.ts";
import type { ShardSyncSpec } from "./shard-sync-spec.ts";
import type { SourceReader } from "./source-reader.ts";
import { Rewind, type StreamApplier } from "./stream-applier.ts";
import { StreamClock } from "./stream-clock.ts";
import type { StreamLedger } from "./stream-ledger.ts";

export type DestinationSideOptions = {
  readonly spec: ShardSyncSpec;
  readonly role: string;
  readonly now: () => number;
  readonly report: ReportBuilder;
  readonly lag: LagMeter;
  readonly ledger: StreamLedger;
  /** The master asks for an acknowledgement. */
  readonly acknowledge: () => void;
  readonly onChange: () => void;
  /** Ends everything at once. */
  readonly signal: AbortSignal;
};

/**
 * A shard sync's side towards the destination. In: generations. It applies one after the other, reconnecting as
 * often as it takes; each time the checkpoint on the destination says where to go on.
 */
export class DestinationSide {
  /** What is waited for; null while the destination takes what comes. */
  problem: PlainReason | null = null;
  /** A reason that is not retried. */
  fatal: PlainReason | null = null;
  /** Of a cutover: nothing of ours is left on the destination. */
  forgotten = false;
  /** How far behind the stream is. */
  readonly clock: StreamClock;
  readonly #options: DestinationSideOptions;
  readonly #nudger: ExpiryNudger;
  readonly #shade: ExpiryShade;
  #session: DestinationSession | null = null;
  #applier: StreamApplier | null = null;
  #refresher: KeyRefresher | null = null;
  #epoch: number | null = null;
  #unfencedSaid = false;
  #stopping: { readonly forgetCheckpoint: boolean } | null = null;
  /** All that was received before a stop has been applied. */
  #drainedOnce = false;
  /** The destination's checkpoint as it was written last. */
  #checkpoint: Checkpoint | null = null;

  constructor(options: DestinationSideOptions) {
    const { spec, now } = options;
    this.#options = options;
    this.clock = new StreamClock(now);
    this.clock.setHeartbeats(spec.heartbeatDb !== null);
    this.#nudger = new ExpiryNudger(now);
    this.#shade = new ExpiryShade(spec.shardIndex, this.clock, this.#nudger, now);
  }

  /**
   * Lets doubtful keys be put right, as long as that may take, and then ends the stream: what was received is
   * applied. @returns false when no stream is being applied, so that there is nothing to wait for.
   */
  async stop(options: { forgetCheckpoint: boolean }, settleMs: number): Promise<boolean> {
    this.#stopping ??= options;
    const applier = this.#applier;
    if (applier === null) return false;
    const { now, signal } = this.#options;
    const until = now() + settleMs;
    while (this.#applier === applier && this.#refresher?.left !== 0 && now() < until) await pause(20, signal);
    applier.stop();
    return true;
  }

  /** Lets go of the destination at once. */
  leave(): void {
    this.#session?.close();
  }

  get doubtfulKeys(): number | null {
    return this.#refresher?.left ?? null;
  }

  /** Nothing more is to be applied. A cutover that has begun to let go is tried again until it has let go. */
  get ended(): boolean {
    if (this.#options.signal.aborted || this.fatal !== null) return true;
    if (this.#stopping === null || this.#applier !== null) return false;
    return !this.#stopping.forgetCheckpoint || !this.#drainedOnce || this.forgotten;
  }

  /** What the destination holds, asked until it answers; null when stopped meanwhile. */
  async firstStanding(): Promise<Standing | null> {
    const backoff = new Backoff();
    while (!this.ended) {
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

  /** Applies one generation until it is over, reconnecting to the destination as often as it takes. */
  async apply(generation: Generation, reader: SourceReader): Promise<void> {
    const backoff = new Backoff();
    const { signal } = generation.over;
    let loaded = generation.kind === "partial";
    while (!this.ended && !signal.aborted) {
      const replies = new ReplySwitch();
      let keeper: ExpiryKeeper | null = null;
      const leave = () => {
        this.#session?.close();
        keeper?.close();
      };
      try {
        const session = await this.#open(replies, () => this.#applier?.wake());
        signal.addEventListener("abort", leave);
        this.#options.signal.addEventListener("abort", leave);
        keeper = await ExpiryKeeper.open(
          this.#options.spec,
          session,
          this.#shade,
          this.clock,
          this.#options.now,
        );
        backoff.reset();
        this.problem = null;
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
        if (error instanceof Rewind || signal.aborted || this.#options.signal.aborted) continue;
        await this.#destinationFailed(error, backoff);
        this.#restartAfter(error, reader);
      } finally {
        signal.removeEventListener("abort", leave);
        this.#options.signal.removeEventListener("abort", leave);
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
    this.#options.report.loading(progress);
    const checkpoint = await applyRdb(generation, session, replies, progress, this.#context());
    await generation.rdb?.close();
    this.#options.report.initialSyncFinished();
    this.#noteCheckpoint(checkpoint);
    this.#options.lag.applied(checkpoint.offset, -1);
    this.#options.onChange();
    return checkpoint;
  }

  async #stream(
    generation: Generation,
    session: DestinationSession,
    replies: ReplySwitch,
    from: Checkpoint,
    keeper: ExpiryKeeper,
  ): Promise<void> {
    this.#options.lag.applied(from.offset, -1);
    const { setPxat } = abilitiesOf(session.facts, session.facts.redisVersion);
    const applier = streamApplier(generation, from, session.link, replies, setPxat, this.#context());
    this.#applier = applier;
    this.#options.onChange();
    if (this.#stopping !== null) applier.stop();
    const ended = new AbortController();
    const expiry = { shade: this.#shade, clock: this.clock, nudger: this.#nudger };
    this.#refresher = new KeyRefresher(this.#options.spec, applier, expiry, {
      onSettled: this.#options.onChange,
      onFailure: (message) =>
        this.#options.report.event({ level: "warning", type: "refresh-failed", message }),
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
      this.#options.report.event({ level: "warning", type: "destination-went-back", message: why });
      reader.restart({ replid: standing.replid, offset: standing.offset }, why);
      return null;
    }
    const lost = new TributaryError("DESTINATION_DATA_LOST", {
      address: formatAddress(this.#options.spec.destination),
      role: this.#options.role,
    });
    this.#options.report.event({ level: "alert", type: "destination-data-lost", message: lost.message });
    reader.restart(null, "the destination has lost the shard's checkpoint");
    return null;
  }

  async #open(replies: ReplySwitch, onWake: () => void): Promise<DestinationSession> {
    const session = await DestinationSession.open(this.#options.spec, {
      epoch: this.#epoch,
      handler: replies,
      onWake,
      signal: this.#options.signal,
    });
    this.#epoch = session.epoch;
    this.#session = session;
    if (session.unfenced !== null && !this.#unfencedSaid) {
      this.#unfencedSaid = true;
      const message = `Former connections to the destination cannot be closed (${session.unfenced}): grant CLIENT LIST and CLIENT KILL, so that never two engines write.`;
      this.#options.report.event({ level: "warning", type: "not-fenced", message });
    }
    return session;
  }

  /** All that was received is applied; a task that is finished leaves nothing of its own behind. */
  async #drained(session: DestinationSession, keeper: ExpiryKeeper): Promise<void> {
    const restored = await keeper.finish(this.#options.signal);
    if (!this.#stopping?.forgetCheckpoint) return;
    if (!restored) throw new Error("not every expiry could be restored in time");
    if (this.#refresher?.left !== 0) {
      const message = `${this.#refresher?.left ?? "Some"} keys that may have expired early could not be copied again: compare them with the shard.`;
      this.#options.report.event({ level: "alert", type: "doubtful-keys-left", message });
    }
    await session.forget();
    this.forgotten = true;
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
      this.fatal = reason;
      return;
    }
    // When it comes back it may be another version of itself.
    this.#options.ledger.unknownCommands.clear();
    this.problem = reason;
    this.#options.onChange();
    await backoff.wait(this.#options.signal);
  }

  #context(): ApplyContext {
    return {
      spec: this.#options.spec,
      role: this.#options.role,
      ledger: this.#options.ledger,
      shade: this.#shade,
      clock: this.clock,
      now: this.#options.now,
      onGetAck: () => this.#options.acknowledge(),
      onApplied: (offset, heartbeatAt) => this.#options.lag.applied(offset, heartbeatAt),
      onCheckpoint: (checkpoint) => this.#noteCheckpoint(checkpoint),
    };
  }

  #noteCheckpoint(checkpoint: Checkpoint): void {
    this.#checkpoint = checkpoint;
    this.#options.report.checkpointed(checkpoint);
  }
}
