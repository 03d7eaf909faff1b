import { reasonOf, toReason } from "../../errors/tributary-error.ts";
import { formatAddress } from "../../redis/endpoint.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import type { CheckpointState } from "../checkpoint/checkpoint-state.ts";
import { trueExpiriesKey } from "../checkpoint/own-keys.ts";
import type { DestinationSession } from "../destination/destination-session.ts";
import { ExpiryRestoreLoop } from "../expiry/expiry-restore-loop.ts";
import { HeldBackExpiries } from "../expiry/held-back-expiries.ts";
import { LazyExpiryTrigger } from "../expiry/lazy-expiry-trigger.ts";
import { StreamClock } from "../expiry/stream-clock.ts";
import type { Generation } from "../generation/generation.ts";
import { noProgress } from "../initial/load-replies.ts";
import { noteFormerKeys } from "../reconcile/former-keys.ts";
import { Backoff } from "../retry/backoff.ts";
import { pause } from "../retry/pause.ts";
import type { SourceReader } from "../source/source-reader.ts";
import { siblingsSettled } from "../strays/task-settling.ts";
import { Rewind } from "../stream/stream-applier.ts";
import type { ApplyContext } from "./apply-context.ts";
import { applyRdb } from "./apply-rdb.ts";
import { continuation, isMissed, type Wanted, wantedAfter } from "./continuation.ts";
import { DestinationFailures } from "./destination-failures.ts";
import { drainStream, type StreamEnding } from "./drain-stream.ts";
import type { GenerationApplierOptions } from "./generation-applier-options.ts";
import { type KeptState, readKeptState } from "./kept-state.ts";
import { mayStop, next, type Phase, type Step, streamHasBegun } from "./phase.ts";
import { ReplySwitch } from "./reply-switch.ts";
import { SessionOpener } from "./session-opener.ts";
import { ShardNotes } from "./shard-notes.ts";
import { isCutover, type StopOptions } from "./stop-options.ts";
import { StreamSession } from "./stream-session.ts";

const LOOK_MS = 20;

/** One session at the destination, while a generation is applied in it. */
type Attempt = {
  readonly generation: Generation;
  readonly reader: SourceReader;
  readonly replies: ReplySwitch;
  readonly backoff: Backoff;
};

/** An attempt whose session is open. */
type OpenAttempt = Attempt & {
  readonly session: DestinationSession;
  readonly restoreLoop: ExpiryRestoreLoop;
  readonly kept: KeptState;
};

/** Whether another session is to go on with the generation. */
type Outcome = "again" | "over";

/**
 * Applies generations to the destination, one after the other, reconnecting as often as it takes; each time the
 * checkpoint on the destination says where to go on. Where it stands is one value, `#phase`: see phase.ts.
 */
export class GenerationApplier {
  /** How far behind the stream is. */
  readonly clock: StreamClock;
  readonly #options: GenerationApplierOptions;
  readonly #lazyExpiry: LazyExpiryTrigger;
  readonly #heldBack: HeldBackExpiries;
  readonly #sessions: SessionOpener;
  readonly #notes: ShardNotes;
  readonly #failures: DestinationFailures;
  #phase: Phase<StreamSession> = { kind: "idle" };
  /** The stream as it is, or was last, applied. */
  #lastStream: StreamSession | null = null;
  #stopping: StopOptions | null = null;
  /** Of a cutover: what the source had written and was not received; null for nothing. */
  #missing: string | null = null;
  /** The destination's checkpoint as it was written last. */
  #checkpoint: Checkpoint | null = null;

  constructor(options: GenerationApplierOptions) {
    const { spec, now } = options;
    this.#options = options;
    this.#sessions = new SessionOpener(options, (control, keyspace) =>
      noteFormerKeys(control, spec, keyspace, options.signal),
    );
    options.merge.follow(this.#sessions.neighbors);
    this.#notes = new ShardNotes(options.ledger.differences, options.sourceKeys, now);
    this.#failures = new DestinationFailures(options);
    this.clock = new StreamClock(now);
    this.clock.setHeartbeats(spec.heartbeatDb !== null);
    this.#lazyExpiry = new LazyExpiryTrigger(now);
    this.#heldBack = new HeldBackExpiries(
      spec.shardIndex,
      this.clock,
      this.#lazyExpiry,
      now,
      trueExpiriesKey(spec.taskId),
    );
  }

  /** What is waited for; null while the destination takes what comes. */
  get problem() {
    return this.#failures.problem;
  }

  /** A reason that is not retried. */
  get fatal() {
    return this.#failures.fatal;
  }

  /** Of a cutover: nothing of ours is left on the destination. */
  get forgotten(): boolean {
    return this.#phase.kind === "finished" && this.#phase.removed;
  }

  /** A stream had begun when a stop came, and was not brought to its end. */
  get unfinished(): boolean {
    return this.#stopping !== null && this.#lastStream !== null && this.#phase.kind !== "finished";
  }

  /** A stop came, and not all that the shard had said by then is on the destination as it should be. */
  get incomplete(): boolean {
    return this.#stopping !== null && (this.#phase.kind !== "finished" || this.#missing !== null);
  }

  /** Nothing more is to be applied. A stream that has begun is brought to its end, whatever that takes. */
  get ended(): boolean {
    if (this.#options.signal.aborted || this.fatal !== null) return true;
    return this.#stopping !== null && mayStop(this.#phase);
  }

  /** Expiries that stand held back on the destination; null where that is not known yet. */
  get expiriesHeldBack(): number | null {
    return this.#heldBack.count;
  }

  get doubtfulKeys(): number | null {
    return this.#lastStream?.doubtfulKeys ?? null;
  }

  get #stream(): StreamSession | null {
    return this.#phase.kind === "streaming" ? this.#phase.stream : null;
  }

  #step(step: Step<StreamSession>): void {
    this.#phase = next(this.#phase, step);
  }

  /** Keys have been noted on the destination to be copied again: they are looked for at once. */
  lookAtNoted(): void {
    this.#lastStream?.countAgain();
  }

  /** Lets go of the destination at once. */
  leave(): void {
    this.#sessions.current?.close();
  }

  /**
   * Brings a stream that has begun to its end: doubtful keys are put right, as long as that may take, and what was
   * received is applied. At a cutover that is all that the source has written. A connection that breaks meanwhile is
   * made again, and what it applies is brought to its end likewise.
   * @returns false when that was not to be: no stream had begun, or it ended otherwise.
   */
  async stop(
    options: StopOptions,
    settleMs: number,
    receivedAll: StreamEnding["receivedAll"],
  ): Promise<boolean> {
    this.#stopping ??= options;
    const { now, report, signal } = this.#options;
    const until = now() + settleMs;
    const ending = {
      cutover: isCutover(options),
      until,
      receivedAll,
      siblingsSettled: (limit: number) => this.#siblingsSettled(limit),
      now,
      signal,
    };
    let last: StreamSession | null = null;
    while (streamHasBegun(this.#phase) && !this.ended) {
      const stream = this.#stream;
      if (stream === null || stream === last) {
        await pause(LOOK_MS, signal);
        continue;
      }
      last = stream;
      this.#missing = await drainStream(stream, () => this.#stream !== stream, ending);
      if (this.#missing !== null)
        report.event({ level: "alert", type: "cutover-behind", message: this.#missing });
    }
    return this.#phase.kind === "finished";
  }

  async #siblingsSettled(until: number): Promise<void> {
    const { spec, now, signal } = this.#options;
    const session = this.#sessions.current;
    if (session === null) return;
    try {
      await siblingsSettled(spec, await session.client(), { until, now, signal });
    } catch {
      // The session has ended: it is opened again, and its stream ended as this one.
    }
  }

  /** What the destination holds, asked until it answers; null when stopped meanwhile. */
  async firstState(): Promise<CheckpointState | null> {
    const backoff = new Backoff();
    while (!this.ended) {
      try {
        const session = await this.#sessions.open(new ReplySwitch(), () => {});
        this.#sessions.close();
        return session.checkpointState;
      } catch (error) {
        await this.#failures.failed(error, backoff);
      }
    }
    return null;
  }

  /** Applies one generation until it is over, reconnecting to the destination as often as it takes. */
  async apply(generation: Generation, reader: SourceReader): Promise<void> {
    const backoff = new Backoff();
    this.#step({ kind: "began", withRdb: generation.kind === "full" });
    try {
      let outcome: Outcome = "again";
      while (outcome === "again" && !this.ended && !generation.over.signal.aborted) {
        outcome = await this.#attempt({ generation, reader, replies: new ReplySwitch(), backoff });
      }
    } finally {
      this.#step({ kind: "over" });
    }
  }

  /** One session: opened, gone on with as far as it comes, closed. */
  async #attempt(attempt: Attempt): Promise<Outcome> {
    let restoreLoop: ExpiryRestoreLoop | null = null;
    const leave = () => {
      this.#sessions.current?.close();
      restoreLoop?.close();
    };
    const signals = [attempt.generation.over.signal, this.#options.signal];
    try {
      const session = await this.#sessions.open(attempt.replies, () => this.#stream?.applier.wake());
      this.#notes.opened(session);
      for (const signal of signals) signal.addEventListener("abort", leave);
      restoreLoop = await this.#openRestoreLoop(session);
      const kept = await readKeptState(session, this.#options);
      attempt.backoff.reset();
      this.#failures.problem = null;
      return await this.#goOn({ ...attempt, session, restoreLoop, kept });
    } catch (error) {
      await this.#failed(error, attempt);
      return "again";
    } finally {
      for (const signal of signals) signal.removeEventListener("abort", leave);
      this.#step({ kind: "session-ended" });
      restoreLoop?.close();
      await this.#notes.closing();
      this.#sessions.close();
    }
  }

  #openRestoreLoop(session: DestinationSession): Promise<ExpiryRestoreLoop> {
    const { spec, now, signal, report } = this.#options;
    const onRefused = (message: string) =>
      report.event({ level: "warning", type: "restore-refused", message });
    return ExpiryRestoreLoop.open(spec, session, this.#heldBack, this.clock, { now, signal, onRefused });
  }

  /** From where the destination is to the end of what a stop waits for, if one comes. */
  async #goOn(attempt: OpenAttempt): Promise<Outcome> {
    const { generation, reader, session } = attempt;
    const phase = this.#phase;
    if (phase.kind === "copying") {
      if ((generation.rdb?.start ?? 0) > 0) {
        reader.restart(
          null,
          "the spool's quota did not allow the RDB to be kept, and it has to be applied again",
        );
        return "over";
      }
      return await this.#applyStream(attempt, await this.#initialSync(attempt));
    }
    const { checkpointState, facts } = session;
    if (
      phase.kind === "waiting" &&
      phase.removalBegun &&
      checkpointState.kind === "new" &&
      facts.keyspace.length > 0
    ) {
      // Only the answer was lost: nothing may be written after a cutover, least of all an initial sync.
      await this.#remove(session);
      return "over";
    }
    const from = continuation(checkpointState, generation, this.#options);
    switch (from.kind) {
      case "from":
        return await this.#applyStream(attempt, from.checkpoint);
      case "receive":
        await this.#receiveAnew(attempt, from.wanted);
        return "over";
      case "stop":
        this.#failures.fatal = from.reason;
        return "over";
    }
  }

  /** What the destination has lost is received again, after a while where that has come to nothing before. */
  async #receiveAnew({ generation, reader }: Attempt, { resume, why }: Wanted): Promise<void> {
    const { spec, role } = this.#options;
    const lost = reasonOf("DESTINATION_DATA_LOST", { address: formatAddress(spec.destination), role });
    await this.#untilAnotherAttempt({ ...lost, message: sentence(why) }, generation);
    reader.restart(resume, why);
  }

  async #failed(error: unknown, { generation, reader, backoff }: Attempt): Promise<void> {
    const over = generation.over.signal;
    // A stop does not wait with it: an RDB whose checkpoint could not be written is none that a stop brings to its end.
    this.#step({ kind: "session-ended" });
    // Remembered on the destination first: this engine may end before a re-sync has begun.
    if (isMissed(error)) await this.#sessions.current?.invalidate().catch(() => {});
    if (error instanceof Rewind || over.aborted || this.#options.signal.aborted) return;
    await this.#failures.failed(error, backoff);
    if (wantedAfter(error, null) !== null) await this.#untilAnotherAttempt(toReason(error), generation);
    const wanted = this.#stopping === null ? wantedAfter(error, this.#checkpoint) : null;
    if (wanted !== null && !over.aborted) reader.restart(wanted.resume, wanted.why);
  }

  #untilAnotherAttempt(reason: ReturnType<typeof toReason>, { over }: Generation): Promise<void> {
    return this.#failures.untilAnotherAttempt(reason, () => this.#stopping !== null || over.signal.aborted);
  }

  async #initialSync(attempt: OpenAttempt): Promise<Checkpoint> {
    const { generation, session, replies } = attempt;
    const { report, ledger, lag, onInitialSync, onChange } = this.#options;
    const progress = noProgress();
    report.loading(progress);
    // What is written from here on is no state to go on from.
    this.#checkpoint = null;
    const checkpoint = await applyRdb(generation, session, replies, progress, this.#context(attempt));
    await generation.rdb?.close();
    report.initialSyncFinished(ledger.refusals.losses);
    onInitialSync();
    this.#noteCheckpoint(checkpoint);
    lag.applied(checkpoint.offset, -1);
    onChange();
    this.#step({ kind: "checkpointed" });
    return checkpoint;
  }

  async #applyStream(attempt: OpenAttempt, from: Checkpoint): Promise<Outcome> {
    const { lag, onChange } = this.#options;
    lag.applied(from.offset, -1);
    const stream = new StreamSession(
      { ...attempt, from, lazyExpiry: this.#lazyExpiry },
      this.#context(attempt),
      this.#options,
    );
    this.#lastStream = stream;
    this.#step({ kind: "streamed", stream });
    onChange();
    await stream.run();
    await this.#drained(attempt, stream);
    return "over";
  }

  /** All that was received is applied; a task that is finished leaves nothing of its own behind. */
  async #drained({ session, restoreLoop }: OpenAttempt, stream: StreamSession): Promise<void> {
    const { report, signal } = this.#options;
    const restored = await restoreLoop.finish(signal);
    if (this.#stopping === null) return;
    if (isCutover(this.#stopping)) {
      if (!restored) throw new Error("not every expiry could be restored in time");
      const { doubtfulKeys } = stream;
      if (doubtfulKeys !== 0) {
        const message = `${doubtfulKeys ?? "Some"} keys that may have expired early could not be copied again: compare them with the shard.`;
        report.event({ level: "alert", type: "doubtful-keys-left", message });
      }
    }
    if (this.#stopping.forgetCheckpoint) await this.#remove(session);
    else this.#step({ kind: "drained" });
  }

  async #remove(session: DestinationSession): Promise<void> {
    this.#step({ kind: "removal" });
    await this.#notes.stop();
    await session.forget();
    this.#step({ kind: "removed" });
  }

  #context({ kept }: OpenAttempt): ApplyContext {
    const { spec, role, ledger, durability, hold, limits, merge, now, lag, acknowledge } = this.#options;
    return {
      ...{ spec, role, ledger, durability, hold, merge, now },
      heldBack: this.#heldBack,
      clock: this.clock,
      scripts: kept.scripts,
      former: kept.former,
      neighbors: this.#sessions.neighbors,
      patienceMs: limits.patienceMs,
      progress: {
        acknowledgeNow: acknowledge,
        applied: (offset, heartbeatAt) => lag.applied(offset, heartbeatAt),
        checkpointed: (checkpoint) => this.#noteCheckpoint(checkpoint),
      },
      onLoaded: () => this.#step({ kind: "copied" }),
    };
  }

  #noteCheckpoint(checkpoint: Checkpoint): void {
    this.#checkpoint = checkpoint;
    this.#options.report.checkpointed(checkpoint);
  }
}

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
