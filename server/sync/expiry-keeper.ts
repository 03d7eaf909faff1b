import type { Redis } from "ioredis";
import { dropClient, openClient } from "../redis/client.ts";
import { parseInfo, serverFacts } from "../redis/server-info.ts";
import type { DestinationSession } from "./destination-session.ts";
import { ExpiryRestorer } from "./expiry-restorer.ts";
import type { ExpiryShade } from "./expiry-shade.ts";
import { pause } from "./pause.ts";
import type { DatabaseMap, ShardSyncSpec } from "./shard-sync-spec.ts";
import type { StreamClock } from "./stream-clock.ts";

const LOOK_MS = 1000;
/** Shaded keys that were about to expire are looked for again after this, ms. */
const AGAIN_MS = 20_000;

/** Sees to it, during one session at the destination, that shaded expiries are restored once the stream is live. */
export class ExpiryKeeper {
  readonly #session: DestinationSession;
  readonly #shade: ExpiryShade;
  readonly #clock: StreamClock;
  readonly #client: Redis;
  readonly #restorer: ExpiryRestorer;
  readonly #databases: DatabaseMap;
  readonly #now: () => number;

  private constructor(
    session: DestinationSession,
    shade: ExpiryShade,
    clock: StreamClock,
    client: Redis,
    databases: DatabaseMap,
    now: () => number,
  ) {
    this.#session = session;
    this.#shade = shade;
    this.#clock = clock;
    this.#client = client;
    this.#databases = databases;
    this.#now = now;
    this.#restorer = new ExpiryRestorer(client, shade, session.facts.redisVersion, now);
  }

  /** Opens its own connection and finds out whether expiries can be restored at all; where not, none is shaded. */
  static async open(
    spec: ShardSyncSpec,
    session: DestinationSession,
    shade: ExpiryShade,
    clock: StreamClock,
    now: () => number,
  ): Promise<ExpiryKeeper> {
    const client = await openClient(spec.destination, { role: "the destination", db: spec.checkpointDb });
    const keeper = new ExpiryKeeper(session, shade, clock, client, spec.databases, now);
    shade.enabled = await keeper.#restorer.permitted();
    // A former engine that did not end in good order may have left shaded expiries.
    shade.scanNeeded ||= session.shaded;
    await session.noteShaded(true);
    return keeper;
  }

  /** Restores as the stream goes, until the signal is aborted; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    let nextScan = 0;
    while (!signal.aborted) {
      await pause(LOOK_MS, signal);
      try {
        if (!this.#clock.live || this.#now() < nextScan || signal.aborted) continue;
        if (!this.#shade.scanNeeded) continue;
        this.#shade.scanNeeded = false;
        const left = await this.#restorer.restoreAll(await this.#dbs(), { all: false, signal });
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
    const left = this.#shade.scanNeeded
      ? await this.#restorer.restoreAll(await this.#dbs(), { all: true, signal })
      : 0;
    if (left === 0) await this.#session.noteShaded(false);
  }

  /** The destination's databases to look through: as they are now, since some may have come a moment ago. */
  async #dbs(): Promise<number[]> {
    const databases = this.#databases;
    if (databases.kind === "pairs") return databases.pairs.map((pair) => pair.destination);
    const { keyspace } = serverFacts(parseInfo(await this.#client.info()));
    return keyspace.map((count) => count.db);
  }

  close(): void {
    dropClient(this.#client);
  }
}
