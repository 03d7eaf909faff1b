import type { Redis } from "ioredis";
import { openClient } from "../redis/client.ts";
import type { DestinationSession } from "./destination-session.ts";
import { ExpiryRestorer } from "./expiry-restorer.ts";
import type { ExpiryShade } from "./expiry-shade.ts";
import { pause } from "./pause.ts";
import type { ShardSyncSpec } from "./shard-sync-spec.ts";

const LOOK_MS = 1000;
/** Shaded keys that were about to expire are looked for again after this, ms. */
const AGAIN_MS = 20_000;
/** The stream counts as live while it is less than this behind, ms: its heartbeat comes once a second. */
const LIVE_MS = 2500;

/** Sees to it, during one session at the destination, that shaded expiries are restored once the stream is live. */
export class ExpiryKeeper {
  readonly #session: DestinationSession;
  readonly #shade: ExpiryShade;
  readonly #client: Redis;
  readonly #restorer: ExpiryRestorer;
  readonly #dbs: () => readonly number[];
  readonly #now: () => number;
  #noted: boolean;

  private constructor(
    session: DestinationSession,
    shade: ExpiryShade,
    client: Redis,
    dbs: () => readonly number[],
    now: () => number,
  ) {
    this.#session = session;
    this.#shade = shade;
    this.#client = client;
    this.#dbs = dbs;
    this.#now = now;
    this.#noted = session.shaded;
    this.#restorer = new ExpiryRestorer(client, shade, session.facts.redisVersion, now);
  }

  /**
   * Opens its own connection and finds out whether expiries can be restored at all; where not, none is shaded.
   * @param dbs the destination's databases that have to be looked through.
   */
  static async open(
    spec: ShardSyncSpec,
    session: DestinationSession,
    shade: ExpiryShade,
    dbs: () => readonly number[],
    now: () => number,
  ): Promise<ExpiryKeeper> {
    const client = await openClient(spec.destination, { role: "the destination", db: spec.checkpointDb });
    const keeper = new ExpiryKeeper(session, shade, client, dbs, now);
    shade.enabled = await keeper.#restorer.permitted();
    shade.scanNeeded ||= session.shaded;
    return keeper;
  }

  /** Restores as the stream goes, until the signal is aborted; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    let nextScan = 0;
    while (!signal.aborted) {
      await pause(LOOK_MS, signal);
      try {
        if (this.#shade.scanNeeded && !this.#noted) await this.#note(true);
        if (this.#shade.behindMs > LIVE_MS || this.#now() < nextScan || signal.aborted) continue;
        if (!this.#shade.scanNeeded && this.#noted) await this.#note(false);
        if (!this.#shade.scanNeeded) continue;
        this.#shade.scanNeeded = false;
        const left = await this.#restorer.restoreAll(this.#dbs(), { all: false, signal });
        if (left > 0) this.#shade.scanNeeded = true;
        nextScan = this.#now() + AGAIN_MS;
      } catch {
        // The destination is away: the session's own link says so, and the next session begins anew.
        this.#shade.scanNeeded = true;
      }
    }
  }

  /** Restores everything, whatever is about to expire: the stream is applied and nothing comes any more. */
  async finish(signal: AbortSignal): Promise<void> {
    await this.#restorer.restoreRecent();
    if (!this.#shade.scanNeeded && !this.#noted) return;
    const left = await this.#restorer.restoreAll(this.#dbs(), { all: true, signal });
    if (left === 0) await this.#note(false);
  }

  close(): void {
    this.#client.disconnect();
  }

  async #note(shaded: boolean): Promise<void> {
    await this.#session.noteShaded(shaded);
    this.#noted = shaded;
  }
}
