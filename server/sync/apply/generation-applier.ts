import { type PlainReason, reasonOf, type TributaryError, toReason } from "../../errors/tributary-error.ts";
import { formatAddress } from "../../redis/endpoint.ts";
import { isOfConversation, toTributaryError } from "../../redis/reply-error.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { leftOutKeysKey, trueExpiriesKey } from "../checkpoint/own-keys.ts";
import type { DestinationSession } from "../destination/destination-session.ts";
import type { Standing } from "../destination/standing.ts";
import { ExpiryKeeper } from "../expiry/expiry-keeper.ts";
import { ExpiryNudger } from "../expiry/expiry-nudger.ts";
import { ExpiryShade } from "../expiry/expiry-shade.ts";
import { StreamClock } from "../expiry/stream-clock.ts";
import type { Generation } from "../generation/generation.ts";
import { noProgress } from "../initial/load-replies.ts";
import { FormerKeys, noteFormerKeys } from "../reconcile/former-keys.ts";
import { Backoff } from "../retry/backoff.ts";
import { pause } from "../retry/pause.ts";
import { RepeatedFailures } from "../retry/repeated-failures.ts";
import { type KeptScripts, readKeptScripts } from "../scripting/kept-scripts.ts";
import type { SourceReader } from "../source/source-reader.ts";
import { siblingsSettled } from "../strays/task-settling.ts";
import { Rewind } from "../stream/stream-applier.ts";
import { type ApplyContext, applyRdb, overwritten, ReplySwitch } from "./apply-generation.ts";
import { continuation, isMissed, wantedAfter } from "./continuation.ts";
import { drainStream, type StreamEnding } from "./drain-stream.ts";
import type { GenerationApplierOptions } from "./generation-applier-options.ts";
import { SessionOpener } from "./session-opener.ts";
import { ShardNotes } from "./shard-notes.ts";
import { StreamSession } from "./stream-session.ts";

const LOOK_MS = 20;

export type StopOptions = {
  readonly forgetCheckpoint: boolean;
  /** Nobody waits for it: it may take as long as a cutover to put all right. */
  readonly patient?: boolean;
  /** The application is switched next: as with `forgetCheckpoint`, but what is kept for the task stays for a way back. */
  readonly forSwitch?: boolean;
};

/**
 * A shard sync's side towards the destination. In: generations. It applies one after the other, reconnecting as
 * often as it takes; each time the checkpoint on the destination says where to go on.
 */
export class GenerationApplier {
  /** What is waited for; null while the destination takes what comes. */
  problem: PlainReason | null = null;
  /** A reason that is not retried. */
  fatal: PlainReason | null = null;
  /** Of a cutover: nothing of ours is left on the destination. */
  forgotten = false;
  /** How far behind the stream is. */
  readonly clock: StreamClock;
  readonly #options: GenerationApplierOptions;
  readonly #nudger: ExpiryNudger;
  readonly #shade: ExpiryShade;
  readonly #sessions: SessionOpener;
  readonly #notes: ShardNotes;
  readonly #failures: RepeatedFailures;
  #scripts: KeptScripts | null = null;
  /** What the destination held before the task began; null where that was nothing, or is not known. */
  #former: FormerKeys | null = null;
  /** The stream as it is, or was last, applied. */
  #stage: StreamSession | null = null;
  #staging = false;
  /** The stream of the generation that is being applied has begun: from then on a stop lets it come to its end. */
  #begun = false;
  #stopping: StopOptions | null = null;
  /** All that was received before a stop has been applied, and what has to be put right then has been. */
  #done = false;
  /** Of a cutover: not all that the source had written was received. */
  #missing = false;
  /** Of a cutover: all is applied, and what is kept for the shard is being removed. */
  #forgetting = false;
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
    this.#failures = new RepeatedFailures(now);
    this.clock = new StreamClock(now);
    this.clock.setHeartbeats(spec.heartbeatDb !== null);
    this.#nudger = new ExpiryNudger(now);
    this.#shade = new ExpiryShade(
      spec.shardIndex,
      this.clock,
      this.#nudger,
      now,
      trueExpiriesKey(spec.taskId),
    );
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
    while (this.#begun && !this.ended) {
      const stage = this.#staging ? this.#stage : null;
      if (stage === null || stage === last) {
        await pause(LOOK_MS, signal);
        continue;
      }
      last = stage;
      const missing = await drainStream(stage, () => !this.#staging || this.#stage !== stage, ending);
      this.#missing = missing !== null;
      if (missing !== null) report.event({ level: "alert", type: "cutover-behind", message: missing });
    }
    return this.#done;
  }

  async #siblingsSettled(until: number): Promise<void> {
    const { spec, now, signal } = this.#options;
    const session = this.#sessions.current;
    if (session === null) return;
    try {
      await siblingsSettled(spec, await session.client(), { until, now, signal });
    } catch {
      // The session has ended: it is opened again, and its stage ended as this one.
    }
  }

  /** A stream had begun when a stop came, and was not brought to its end. */
  get unfinished(): boolean {
    return this.#stopping !== null && this.#stage !== null && !this.#done;
  }

  /** A stop came, and not all that the shard had said by then is on the destination as it should be. */
  get incomplete(): boolean {
    return this.#stopping !== null && (!this.#done || this.#missing);
  }

  /** Lets go of the destination at once. */
  leave(): void {
    this.#sessions.current?.close();
  }

  /** Expiries that stand shaded on the destination; null where that is not known yet. */
  get expiriesHeldBack(): number | null {
    return this.#shade.heldBack;
  }

  get doubtfulKeys(): number | null {
    return this.#stage?.doubtfulKeys ?? null;
  }

  /** Nothing more is to be applied. A stream that has begun is brought to its end, whatever that takes. */
  get ended(): boolean {
    if (this.#options.signal.aborted || this.fatal !== null) return true;
    if (this.#stopping === null || this.#staging) return false;
    return !this.#begun || this.#done;
  }

  /** Keys have been noted on the destination to be copied again: they are looked for at once. */
  lookAtNoted(): void {
    this.#stage?.countAgain();
  }

  /** What the destination holds, asked until it answers; null when stopped meanwhile. */
  async firstStanding(): Promise<Standing | null> {
    const backoff = new Backoff();
    while (!this.ended) {
      try {
        const session = await this.#sessions.open(new ReplySwitch(), () => {});
        this.#sessions.close();
        return session.standing;
      } catch (error) {
        await this.#destinationFailed(error, backoff);
      }
    }
    return null;
  }

  /** Applies one generation until it is over, reconnecting to the destination as often as it takes. */
  async apply(generation: Generation, reader: SourceReader): Promise<void> {
    this.#begun = generation.kind === "partial";
    try {
      await this.#apply(generation, reader);
    } finally {
      this.#begun = false;
    }
  }

  async #apply(generation: Generation, reader: SourceReader): Promise<void> {
    const backoff = new Backoff();
    const { signal } = generation.over;
    const { taskId } = this.#options.spec;
    let loaded = generation.kind === "partial";
    while (!this.ended && !signal.aborted) {
      const replies = new ReplySwitch();
      let keeper: ExpiryKeeper | null = null;
      const leave = () => {
        this.#sessions.current?.close();
        keeper?.close();
      };
      try {
        const session = await this.#sessions.open(
          replies,
          () => this.#staging && this.#stage?.applier.wake(),
        );
        this.#notes.opened(session);
        signal.addEventListener("abort", leave);
        this.#options.signal.addEventListener("abort", leave);
        keeper = await ExpiryKeeper.open(this.#options.spec, session, this.#shade, this.clock, {
          now: this.#options.now,
          signal: this.#options.signal,
          onRefused: (message) =>
            this.#options.report.event({ level: "warning", type: "restore-refused", message }),
        });
        this.#former = session.wasEmpty ? null : await FormerKeys.read(await session.client(), taskId);
        await this.#adoptLeftOut(session);
        this.#scripts = await readKeptScripts(session, this.#options.spec, this.#options.ledger);
        await this.#readStrays(session);
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
        } else if (this.#forgetting && session.standing.kind === "new" && session.facts.keyspace.length > 0) {
          // Only the answer was lost: nothing may be written after a cutover, least of all an initial sync.
          return await this.#forget(session);
        } else {
          const next = continuation(session.standing, generation, this.#options);
          if (next.kind === "stop") this.fatal = next.reason;
          if (next.kind === "receive") {
            const { spec, role } = this.#options;
            const lost = reasonOf("DESTINATION_DATA_LOST", {
              address: formatAddress(spec.destination),
              role,
            });
            await this.#untilAnotherAttempt({ ...lost, message: sentence(next.wanted.why) }, signal);
            reader.restart(next.wanted.resume, next.wanted.why);
          }
          if (next.kind !== "from") return;
          from = next.checkpoint;
        }
        if (this.#stopping !== null && !this.#begun) return;
        await this.#stream(generation, session, replies, from, keeper);
        return await this.#drained(session, keeper);
      } catch (error) {
        // Its checkpoint was not written: the RDB is applied again.
        if (!loaded) this.#begun = false;
        // Remembered on the destination first: this engine may end before a re-sync has begun.
        if (isMissed(error)) await this.#sessions.current?.invalidate().catch(() => {});
        if (error instanceof Rewind || signal.aborted || this.#options.signal.aborted) continue;
        await this.#destinationFailed(error, backoff);
        if (wantedAfter(error, null) !== null) await this.#untilAnotherAttempt(toReason(error), signal);
        const wanted = this.#stopping === null ? wantedAfter(error, this.#checkpoint) : null;
        if (wanted !== null && !signal.aborted) reader.restart(wanted.resume, wanted.why);
      } finally {
        signal.removeEventListener("abort", leave);
        this.#options.signal.removeEventListener("abort", leave);
        this.#staging = false;
        keeper?.close();
        await this.#notes.closing();
        this.#sessions.close();
      }
    }
  }

  /** What has been registered of keys that are not the shard's, also by the other shards meanwhile. */
  async #readStrays(session: DestinationSession): Promise<void> {
    const { spec, merge } = this.#options;
    const client = await session.client();
    merge.keeps(spec.destinationKeys === "keep" ? (this.#former?.size ?? 0) : 0);
    await merge.unheld.load(client, spec, overwritten(spec, this.#former));
    if (merge.ownership !== null) await merge.registry.load(client, spec.taskId, spec.shardId);
  }

  /** Keys that a former session, or engine, has left out. */
  async #adoptLeftOut(session: DestinationSession): Promise<void> {
    const { spec, ledger } = this.#options;
    ledger.leftOut.adopt(await session.members(leftOutKeysKey(spec.taskId, spec.shardId)));
  }

  async #initialSync(
    generation: Generation,
    session: DestinationSession,
    replies: ReplySwitch,
  ): Promise<Checkpoint> {
    const progress = noProgress();
    this.#options.report.loading(progress);
    // What is written from here on is no state to go on from.
    this.#checkpoint = null;
    const checkpoint = await applyRdb(generation, session, replies, progress, this.#context());
    await generation.rdb?.close();
    this.#options.report.initialSyncFinished(this.#options.ledger.refusals.losses);
    this.#options.onInitialSync();
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
    const parts = { generation, from, session, replies, keeper, nudger: this.#nudger };
    const stage = new StreamSession(parts, this.#context(), this.#options);
    this.#stage = stage;
    this.#staging = true;
    this.#begun = true;
    this.#options.onChange();
    await stage.run();
  }

  /** All that was received is applied; a task that is finished leaves nothing of its own behind. */
  async #drained(session: DestinationSession, keeper: ExpiryKeeper): Promise<void> {
    const restored = await keeper.finish(this.#options.signal);
    if (this.#stopping === null || !isCutover(this.#stopping)) {
      this.#done = this.#stopping !== null;
      return;
    }
    if (!restored) throw new Error("not every expiry could be restored in time");
    if (this.#stage?.doubtfulKeys !== 0) {
      const message = `${this.#stage?.doubtfulKeys ?? "Some"} keys that may have expired early could not be copied again: compare them with the shard.`;
      this.#options.report.event({ level: "alert", type: "doubtful-keys-left", message });
    }
    if (!this.#stopping.forgetCheckpoint) {
      this.#done = true;
      return;
    }
    this.#forgetting = true;
    await this.#forget(session);
  }

  async #forget(session: DestinationSession): Promise<void> {
    await this.#notes.stop();
    await session.forget();
    this.forgotten = true;
    this.#done = true;
  }

  async #destinationFailed(error: unknown, backoff: Backoff): Promise<void> {
    const reason = toReason(isOfConversation(error) ? this.#named(error) : error);
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

  /** What is asked of the destination between others may end before anybody has said whose answer it was. */
  #named(error: unknown): TributaryError {
    const address = formatAddress(this.#options.spec.destination);
    return toTributaryError(error, { role: "the destination", address });
  }

  /** To receive it again costs the shard an RDB, and may end as before. */
  async #untilAnotherAttempt(reason: PlainReason, over: AbortSignal): Promise<void> {
    const { now, signal, report, onChange } = this.#options;
    const { waitMs, said } = this.#failures.failed(reason.code);
    if (said !== "") {
      const message = `${reason.message}${said}`;
      this.problem = { ...reason, message };
      report.event({ level: "warning", type: "attempt-delayed", message });
      onChange();
    }
    const until = now() + waitMs;
    while (now() < until && this.#stopping === null && !over.aborted && !signal.aborted)
      await pause(Math.min(LOOK_MS * 5, waitMs), signal);
  }

  #context(): ApplyContext {
    return {
      spec: this.#options.spec,
      role: this.#options.role,
      ledger: this.#options.ledger,
      shade: this.#shade,
      clock: this.clock,
      scripts: this.#scripts!,
      former: this.#former,
      durability: this.#options.durability,
      hold: this.#options.hold,
      neighbors: this.#sessions.neighbors,
      patienceMs: this.#options.limits.patienceMs,
      merge: this.#options.merge,
      now: this.#options.now,
      onGetAck: () => this.#options.acknowledge(),
      onApplied: (offset, heartbeatAt) => this.#options.lag.applied(offset, heartbeatAt),
      onCheckpoint: (checkpoint) => this.#noteCheckpoint(checkpoint),
      onLoaded: () => {
        this.#begun = true;
      },
    };
  }

  #noteCheckpoint(checkpoint: Checkpoint): void {
    this.#checkpoint = checkpoint;
    this.#options.report.checkpointed(checkpoint);
  }
}

/** Nothing of the shard is applied after it, unless somebody goes back. */
const isCutover = ({ forgetCheckpoint, forSwitch }: StopOptions) => forgetCheckpoint || forSwitch === true;

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
