import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import type { DestinationSession } from "../destination/destination-session.ts";
import type { ExpiryRestoreLoop } from "../expiry/expiry-restore-loop.ts";
import type { LazyExpiryTrigger } from "../expiry/lazy-expiry-trigger.ts";
import { currentReplid, type Generation } from "../generation/generation.ts";
import { KeyRefresher } from "../refresh/key-refresher.ts";
import { watchLibraries } from "../scripting/library-agreement.ts";
import type { StreamApplier } from "../stream/stream-applier.ts";
import type { ApplyContext } from "./apply-context.ts";
import type { GenerationApplierOptions } from "./generation-applier-options.ts";
import { openStream } from "./open-stream.ts";
import type { ReplySwitch } from "./reply-switch.ts";

export type StreamSessionParts = {
  readonly generation: Generation;
  /** The destination's checkpoint: the stream is applied from there on. */
  readonly from: Checkpoint;
  readonly session: DestinationSession;
  readonly replies: ReplySwitch;
  readonly restoreLoop: ExpiryRestoreLoop;
  readonly lazyExpiry: LazyExpiryTrigger;
};

/**
 * The stream of a generation as one session at the destination applies it, and beside it what restores expiries and
 * copies doubtful keys again.
 */
export class StreamSession {
  readonly applier: StreamApplier;
  readonly #generation: Generation;
  readonly #restoreLoop: ExpiryRestoreLoop;
  readonly #refresher: KeyRefresher;
  readonly #watchLibraries: (signal: AbortSignal) => Promise<void>;

  constructor(parts: StreamSessionParts, context: ApplyContext, options: GenerationApplierOptions) {
    const { generation, from, session, replies, lazyExpiry } = parts;
    const { spec, report, now } = options;
    const { heldBack, clock, ledger, former } = context;
    const { abilities } = session;
    this.#generation = generation;
    this.#restoreLoop = parts.restoreLoop;
    this.applier = openStream(generation, from, session.link, replies, abilities, context);
    const source = {
      endpoint: options.sourceEndpoint,
      replid: () => currentReplid(generation),
    };
    this.#watchLibraries = (signal) => watchLibraries(session, spec.taskId, ledger.differences, signal);
    const { runId } = session.facts;
    const { merge } = context;
    const expiry = { heldBack, clock, lazyExpiry, ledger, abilities, merge, former, runId, now };
    this.#refresher = new KeyRefresher(spec, source, this.applier, expiry, {
      onSettled: options.onChange,
      onFailure: (message) => report.event({ level: "warning", type: "refresh-failed", message }),
      onSkew: (message) => report.event({ level: "warning", type: "clocks-differ", message }),
    });
  }

  /** Doubtful keys that are left; null until they have been counted. */
  get doubtfulKeys(): number | null {
    return this.#refresher.left;
  }

  /** The source's offset up to which it has been received by now. */
  get receivedOffset(): bigint {
    return this.#generation.offset + BigInt(this.#generation.stream.end);
  }

  /** All up to `offset` is applied, and no key is doubtful: neither a noted one, nor one by an answer to come. */
  settled(offset: bigint): boolean {
    return this.applier.hasApplied(offset) && this.#refresher.left === 0;
  }

  /** Other shard syncs may have noted keys since they were counted. */
  countAgain(): void {
    this.#refresher.countAgain();
  }

  /** Nothing more is written on the source: see KeyRefresher. */
  finish(): void {
    this.#refresher.finish();
  }

  /** Runs until the applier has ended; all has ended when it settles. @throws what StreamApplier.run does. */
  async run(): Promise<void> {
    const ended = new AbortController();
    const beside = Promise.all([
      this.#restoreLoop.run(ended.signal),
      this.#refresher.run(ended.signal),
      this.#watchLibraries(ended.signal),
    ]);
    try {
      await this.applier.run();
    } catch (error) {
      // What the loop has asked on a connection that is gone would be waited for.
      this.#restoreLoop.close();
      throw error;
    } finally {
      ended.abort();
      await beside;
    }
  }
}
