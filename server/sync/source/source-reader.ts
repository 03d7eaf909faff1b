import type { PlainReason } from "../../errors/tributary-error.ts";
import { type TributaryError, toReason } from "../../errors/tributary-error.ts";
import type { StreamPosition } from "../../replica/psync-handshake.ts";
import { openReplicaLink, type ReplicaLink } from "../../replica/replica-link.ts";
import type { Spool } from "../../replica/spool.ts";
import { currentReplid, type Generation } from "../generation/generation.ts";
import type { GenerationSpools } from "../generation/generation-spools.ts";
import type { EventLevel } from "../report/shard-report.ts";
import { Backoff } from "../retry/backoff.ts";
import { pause } from "../retry/pause.ts";
import { RepeatedFailures } from "../retry/repeated-failures.ts";
import type { ShardSyncSpec } from "../spec/shard-sync-spec.ts";
import type { SyncLimits } from "../spec/sync-limits.ts";
import type { SourceLocator } from "./source-locator.ts";

/** Between attempts at a shard with several addresses. */
const MOST_WAIT_MS = 2000;

export type SourceReaderOptions = {
  readonly spec: ShardSyncSpec;
  readonly locator: SourceLocator;
  readonly role: string;
  readonly now: () => number;
  readonly limits: SyncLimits;
  readonly spools: GenerationSpools;
  /** What the destination has applied: acknowledged to the master. */
  readonly ackOffset: () => bigint;
  /** The version to announce to a Valkey source. */
  readonly announceVersion: () => string | null;
  /** The link stands; bytes of the stream have come; the link was lost. */
  readonly onLinked: () => void;
  readonly onBytes: () => void;
  readonly onInterrupted: () => void;
  readonly onGeneration: (generation: Generation) => void;
  /** The source's state has changed: `problem` is null while the link stands. */
  readonly onChange: () => void;
  readonly onEvent: (level: EventLevel, type: string, message: string) => void;
  readonly signal: AbortSignal;
};

/**
 * Keeps the replica link to a shard and takes in all that it says, at the speed at which it says it, whatever
 * the destination does. In: the link's bytes. Out: generations. Received bytes are in a spool before anything
 * else happens; a link that breaks is resumed after the last byte received.
 */
export class SourceReader {
  /** Why the link does not stand; null while it does, or before the first attempt. */
  problem: PlainReason | null = null;
  /** A reason that is not retried: the reader has ended. */
  fatal: PlainReason | null = null;
  /** The master makes its RDB. */
  waitingForRdb = false;
  readonly #options: SourceReaderOptions;
  readonly #backoff: Backoff;
  readonly #failures: RepeatedFailures;
  #generation: Generation | null = null;
  #link: ReplicaLink | null = null;
  #resume: StreamPosition | null;
  #why: string;
  #holding = false;
  #lastNumber = 0;
  /** An attempt that was under way at a restart has asked for what is no longer wanted. */
  #restarts = 0;

  /** @param resume the destination's checkpoint; null begins with an initial sync, because of `why`. */
  constructor(options: SourceReaderOptions, resume: StreamPosition | null, why: string) {
    this.#options = options;
    // A new master is to be found before its backlog is outrun.
    this.#backoff = options.locator.single ? new Backoff() : new Backoff(MOST_WAIT_MS);
    this.#failures = new RepeatedFailures(options.now);
    this.#resume = resume;
    this.#why = why;
  }

  /** Runs until the signal is aborted or something happens that is not retried; never rejects. */
  async run(): Promise<void> {
    const { signal } = this.#options;
    while (!signal.aborted) {
      let reason: PlainReason | null = null;
      try {
        reason = await this.#attempt();
      } catch (error) {
        if (signal.aborted) break;
        reason = toReason(error);
      }
      this.#link = null;
      this.waitingForRdb = false;
      this.#options.onInterrupted();
      if (signal.aborted || reason === null) continue;
      const { waitMs, said } = this.#abandonPartialRdb(reason)
        ? this.#failures.failed(reason.code)
        : { waitMs: 0, said: "" };
      this.problem = { ...reason, message: `${reason.message}${said}` };
      if (!reason.retried) {
        this.fatal = reason;
        break;
      }
      this.#options.onEvent("warning", "source-link-lost", this.problem.message);
      this.#options.onChange();
      await this.#backoff.wait(signal);
      await pause(waitMs, signal);
    }
    this.#options.onChange();
  }

  /** Ends the stretch at hand and begins again at the destination's checkpoint, or with an initial sync. */
  restart(resume: StreamPosition | null, why: string): void {
    this.#discard();
    this.#restarts++;
    this.#resume = resume;
    this.#why = why;
    void this.#link?.close();
  }

  /** The master is elsewhere: the link is closed and opened again there, unless an RDB is on its way. */
  relocate(): void {
    const generation = this.#generation;
    if (generation === null || (generation.rdb !== null && generation.rdbFinishedAt === null)) return;
    void this.#link?.close();
  }

  /** Up to where the source has been received, and under which replid; the destination's checkpoint before that. */
  get history(): StreamPosition | null {
    const generation = this.#generation;
    if (generation === null) return this.#resume;
    return { replid: currentReplid(generation), offset: generation.offset + BigInt(generation.stream.end) };
  }

  /** Nothing that was received is wanted any more: whoever waits for it is let go. */
  abandon(): void {
    this.#discard();
  }

  /** The master wants to know now what has been applied. */
  acknowledge(): void {
    this.#link?.sendAck();
  }

  get receivedOffset(): bigint | null {
    const generation = this.#generation;
    return generation === null ? null : generation.offset + BigInt(generation.stream.end);
  }

  /** @returns why the link ended; null when it was closed here. */
  async #attempt(): Promise<PlainReason | null> {
    const { locator, role, signal, ackOffset, limits } = this.#options;
    const asked = this.history;
    const restarts = this.#restarts;
    const endpoint = await locator.locate(asked);
    const version = this.#options.announceVersion();
    const link = await openReplicaLink({
      endpoint,
      role,
      resume: asked,
      sink: {
        rdbBegin: (total) => this.#rdbBegin(total),
        rdbBytes: (chunk) => this.#rdbBytes(chunk),
        rdbEnd: () => this.#rdbEnd(),
        streamBytes: (chunk) => this.#streamBytes(chunk),
      },
      ackOffset,
      ...(version === null ? {} : { announce: { version } }),
      handshakeTimeoutMs: limits.openMs,
      timeoutMs: limits.sourceSilenceMs,
      signal,
      onWaitingForRdb: () => {
        this.waitingForRdb = true;
        this.#options.onChange();
      },
    });
    if (restarts !== this.#restarts) return await link.close().then(() => null);
    this.#link = link;
    if (this.#holding) link.pause();
    this.#granted(link, asked);
    this.#options.onLinked();
    this.#backoff.reset();
    this.problem = null;
    this.#options.onChange();
    const error: TributaryError | null = await link.closed;
    return error === null ? null : error.toPlain();
  }

  #granted(link: ReplicaLink, asked: StreamPosition | null): void {
    if (link.kind === "partial" && this.#generation !== null) {
      this.waitingForRdb = false;
      this.#adopt(this.#generation, link.replid);
      return;
    }
    if (link.kind === "full" && asked !== null) {
      this.#why = `the source answered the request to continue after offset ${asked.offset} with a full resynchronization: it was restarted, or its backlog no longer holds that offset`;
    }
    this.#discard();
    this.#begin(link, asked);
  }

  #adopt(generation: Generation, replid: string): void {
    if (generation.replids.includes(replid)) return;
    generation.replids.push(replid);
    this.#options.onEvent(
      "info",
      "replid-changed",
      `The source continues under a new replid, ${replid}: a failover.`,
    );
  }

  #begin(link: ReplicaLink, asked: StreamPosition | null): void {
    const { now, spools } = this.#options;
    this.#lastNumber++;
    const number = this.#lastNumber;
    const replids = asked !== null && link.kind === "partial" ? [asked.replid] : [link.replid];
    const generation: Generation = {
      number,
      kind: link.kind,
      why: link.kind === "full" ? this.#why : "",
      replids,
      offset: link.offset,
      rdb: link.kind === "full" ? spools.rdb(number) : null,
      stream: spools.stream(number),
      rdbTotal: null,
      startedAt: now(),
      rdbStartedAt: null,
      rdbFinishedAt: null,
      rdbReceived: 0,
      over: new AbortController(),
    };
    this.#generation = generation;
    this.#adopt(generation, link.replid);
    this.#resume = null;
    if (link.kind === "full") this.waitingForRdb = true;
    this.#options.onGeneration(generation);
  }

  /** An RDB that broke off cannot be continued: the next attempt asks for another. True where one did. */
  #abandonPartialRdb(reason: PlainReason): boolean {
    const generation = this.#generation;
    if (generation === null || generation.rdb === null || generation.rdbFinishedAt !== null) return false;
    this.#discard();
    this.#resume = null;
    this.#why = `the transfer of the RDB broke off (${reason.message})`;
    return true;
  }

  #discard(): void {
    const generation = this.#generation;
    this.#generation = null;
    if (generation === null) return;
    generation.over.abort();
    void generation.rdb?.close();
    void generation.stream.close();
  }

  /** Removes what lies on disk; to be called when nobody reads any more. */
  async close(): Promise<void> {
    await this.#link?.close();
    const generation = this.#generation;
    this.#generation = null;
    await generation?.rdb?.close();
    await generation?.stream.close();
  }

  #rdbBegin(total: number | null): void {
    const generation = this.#generation;
    if (generation === null) return;
    this.waitingForRdb = false;
    generation.rdbTotal = total;
    generation.rdbStartedAt = this.#options.now();
    this.#options.onChange();
  }

  #rdbBytes(chunk: Uint8Array): void {
    const generation = this.#generation;
    if (generation === null) return;
    generation.rdbReceived += chunk.length;
    generation.rdb?.append(chunk);
    if (generation.rdb?.full) this.#hold(generation.rdb);
  }

  #rdbEnd(): void {
    const generation = this.#generation;
    if (generation === null) return;
    generation.rdbFinishedAt = this.#options.now();
    generation.rdb?.finish();
    this.#failures.succeeded();
    this.#options.onChange();
  }

  #streamBytes(chunk: Uint8Array): void {
    const stream = this.#generation?.stream;
    if (stream === undefined) return;
    stream.append(chunk);
    this.#options.onBytes();
    if (stream.full) this.#hold(stream);
  }

  /** The spool takes no more: the source is held until it does. */
  #hold(spool: Spool): void {
    if (this.#holding) return;
    this.#holding = true;
    this.#link?.pause();
    void spool.whenRoom().then(() => {
      this.#holding = false;
      // It may be another one by now.
      this.#link?.resume();
    });
  }
}
