import { toTributaryError } from "../redis/client.ts";
import { formatAddress } from "../redis/endpoint.ts";
import { parseInfo, serverFacts } from "../redis/server-info.ts";
import { ControlClient } from "./control-client.ts";
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
  readonly #control: ControlClient;
  readonly #databases: DatabaseMap;
  readonly #now: () => number;

  private constructor(
    session: DestinationSession,
    shade: ExpiryShade,
    clock: StreamClock,
    control: ControlClient,
    databases: DatabaseMap,
    now: () => number,
  ) {
    this.#session = session;
    this.#shade = shade;
    this.#clock = clock;
    this.#control = control;
    this.#databases = databases;
    this.#now = now;
  }

  /** Opens its own connection and finds out whether expiries can be restored at all; where not, none is shaded. */
  static async open(
    spec: ShardSyncSpec,
    session: DestinationSession,
    shade: ExpiryShade,
    clock: StreamClock,
    now: () => number,
  ): Promise<ExpiryKeeper> {
    const control = new ControlClient(spec, session.epoch, session.limits);
    const keeper = new ExpiryKeeper(session, shade, clock, control, spec.databases, now);
    try {
      shade.enabled = await (await keeper.#restorer()).permitted();
    } catch (error) {
      control.close();
      throw toTributaryError(error, {
        role: "the destination",
        address: formatAddress(spec.destination),
        command: "EVAL",
      });
    }
    // A former engine that did not end in good order may have left shaded expiries.
    shade.scanNeeded ||= session.shaded;
    await session.noteShaded(true).catch((error: unknown) => {
      control.close();
      throw toTributaryError(error, {
        role: "the destination",
        address: formatAddress(spec.destination),
        command: "HSET",
      });
    });
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
        this.#shade.scanning = true;
        const left = await (await this.#restorer()).restoreAll(await this.#dbs(), { all: false, signal });
        if (left > 0) this.#shade.scanNeeded = true;
        nextScan = this.#now() + AGAIN_MS;
      } catch {
        // The destination is away: the session's own link says so, and the next session begins anew.
        this.#shade.scanNeeded = true;
      } finally {
        this.#shade.scanning = false;
      }
    }
  }

  /**
   * Restores everything, whatever is about to expire: the stream is applied and nothing comes any more.
   * @returns false when the signal ended it before all was restored.
   */
  async finish(signal: AbortSignal): Promise<boolean> {
    const restorer = await this.#restorer();
    await restorer.restoreRecent();
    const left = this.#shade.scanNeeded
      ? await restorer.restoreAll(await this.#dbs(), { all: true, signal })
      : 0;
    if (left > 0) return false;
    this.#shade.scanNeeded = false;
    await this.#session.noteShaded(false);
    return true;
  }

  async #restorer(): Promise<ExpiryRestorer> {
    const client = await this.#control.get();
    return new ExpiryRestorer(client, this.#shade, this.#clock, this.#session.facts.redisVersion, this.#now);
  }

  /** The destination's databases to look through: as they are now, since some may have come a moment ago. */
  async #dbs(): Promise<number[]> {
    const databases = this.#databases;
    if (databases.kind === "pairs") return databases.pairs.map((pair) => pair.destination);
    const { keyspace } = serverFacts(parseInfo(await (await this.#control.get()).info()));
    return keyspace.map((count) => count.db);
  }

  close(): void {
    this.#control.close();
  }
}
