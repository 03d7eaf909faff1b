import { ReplyError } from "ioredis";
import { toTributaryError } from "../../redis/client.ts";
import { formatAddress } from "../../redis/endpoint.ts";
import { parseInfo, serverFacts } from "../../redis/server-info.ts";
import { ControlClient } from "../destination/control-client.ts";
import type { DestinationSession } from "../destination/destination-session.ts";
import { pause } from "../retry/pause.ts";
import type { ShardSyncSpec } from "../spec/shard-sync-spec.ts";
import { ExpiryRestorer } from "./expiry-restorer.ts";
import type { HeldBackExpiries } from "./held-back-expiries.ts";
import type { StreamClock } from "./stream-clock.ts";

/**
 * Less than a stream counts as live for, once all of it is read (stream-clock.ts): without heartbeats an idle one says so
 * once a second, and looks at the same pace would miss it each time.
 */
const LOOK_MS = 200;
/** Held-back keys that were about to expire are looked for again after this, ms. */
const AGAIN_MS = 20_000;

export type ExpiryRestoreOptions = {
  readonly now: () => number;
  readonly signal: AbortSignal;
  /** The destination refuses what restores an expiry: said once, with its answer. */
  readonly onRefused: (message: string) => void;
};

/** Sees to it, during one session at the destination, that held-back expiries are restored once the stream is live. */
export class ExpiryRestoreLoop {
  readonly #session: DestinationSession;
  readonly #heldBack: HeldBackExpiries;
  readonly #clock: StreamClock;
  readonly #control: ControlClient;
  readonly #spec: ShardSyncSpec;
  readonly #options: ExpiryRestoreOptions;
  #refusedReported = false;

  private constructor(
    session: DestinationSession,
    heldBack: HeldBackExpiries,
    clock: StreamClock,
    control: ControlClient,
    spec: ShardSyncSpec,
    options: ExpiryRestoreOptions,
  ) {
    this.#session = session;
    this.#heldBack = heldBack;
    this.#clock = clock;
    this.#control = control;
    this.#spec = spec;
    this.#options = options;
  }

  /** Opens its own connection and finds out whether expiries can be restored at all; where not, none is held back. */
  static async open(
    spec: ShardSyncSpec,
    session: DestinationSession,
    heldBack: HeldBackExpiries,
    clock: StreamClock,
    options: ExpiryRestoreOptions,
  ): Promise<ExpiryRestoreLoop> {
    const { epoch, limits, facts } = session;
    const control = new ControlClient(spec, epoch, limits, options.signal, facts.runId);
    const restoreLoop = new ExpiryRestoreLoop(session, heldBack, clock, control, spec, options);
    try {
      heldBack.enabled = await (await restoreLoop.#restorer()).permitted();
      // A former engine that did not end in good order may have left held-back expiries.
      if (session.heldBack && !heldBack.scanNeeded) heldBack.inherited();
      heldBack.trueOnes.adopt(await session.members(heldBack.trueOnes.setKey));
    } catch (error) {
      control.close();
      throw restoreLoop.#explained(error, "EVAL");
    }
    await session.noteHeldBack(true).catch((error: unknown) => {
      control.close();
      throw restoreLoop.#explained(error, "HSET");
    });
    return restoreLoop;
  }

  /** Restores as the stream goes, until the signal is aborted; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    let nextScan = 0;
    while (!signal.aborted) {
      await pause(LOOK_MS, signal);
      try {
        if (!this.#clock.live || this.#options.now() < nextScan || signal.aborted) continue;
        if (!this.#heldBack.scanNeeded) continue;
        this.#heldBack.scanBegins();
        const left = await (await this.#restorer()).restoreAll(await this.#dbs(), { all: false, signal });
        this.#heldBack.scanEnds(left);
        nextScan = this.#options.now() + AGAIN_MS;
      } catch (error) {
        // Where the destination is away the session's own link says so, and the next session begins anew.
        this.#heldBack.scanNeeded = true;
        if (error instanceof ReplyError && !signal.aborted) this.#refused((error as Error).message);
      } finally {
        this.#heldBack.scanning = false;
      }
    }
  }

  /**
   * Restores everything, whatever is about to expire: the stream is applied and nothing comes any more.
   * @returns false when the signal ended it before all was restored.
   */
  async finish(signal: AbortSignal): Promise<boolean> {
    try {
      const restorer = await this.#restorer();
      await restorer.restoreRecent();
      if (this.#heldBack.scanNeeded) {
        this.#heldBack.scanBegins();
        this.#heldBack.scanEnds(await restorer.restoreAll(await this.#dbs(), { all: true, signal }));
        if (this.#heldBack.scanNeeded) return false;
      }
      await this.#session.noteHeldBack(false);
      return true;
    } catch (error) {
      // Those that were taken from the list of recent ones are found by a scan now.
      this.#heldBack.scanNeeded = true;
      throw this.#explained(error, "EVAL");
    } finally {
      this.#heldBack.scanning = false;
    }
  }

  #refused(answer: string): void {
    if (this.#refusedReported) return;
    this.#refusedReported = true;
    this.#options.onRefused(
      `Expiries that are written far in the future while the stream is behind cannot be restored: the destination says "${answer}". It takes +eval +pexpireat +pexpiretime +pttl +time +select +exists +sismember +scan +info there.`,
    );
  }

  #explained(error: unknown, command: string): Error {
    const address = formatAddress(this.#spec.destination);
    return toTributaryError(error, { role: "the destination", address, command });
  }

  async #restorer(): Promise<ExpiryRestorer> {
    const client = await this.#control.get();
    return new ExpiryRestorer(
      client,
      this.#heldBack,
      this.#clock,
      this.#session.facts.redisVersion,
      this.#spec.checkpointDb,
      this.#options.now,
    );
  }

  /** The destination's databases to look through: as they are now, since some may have come a moment ago. */
  async #dbs(): Promise<number[]> {
    const { databases } = this.#spec;
    if (databases.kind === "pairs") return databases.pairs.map((pair) => pair.destination);
    const { keyspace } = serverFacts(parseInfo(await (await this.#control.get()).info()));
    return keyspace.map((count) => count.db);
  }

  close(): void {
    this.#control.close();
  }
}
