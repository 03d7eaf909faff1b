import { randomBytes } from "node:crypto";
import type { Redis } from "ioredis";
import { PARTITIONS } from "../../merge/key-fingerprint.ts";
import { openClient, toTributaryError } from "../../redis/client.ts";
import { formatAddress } from "../../redis/endpoint.ts";
import { parseInfo, type ServerFacts, serverFacts } from "../../redis/server-info.ts";
import { commandSample } from "../commands/command-sample.ts";
import { isDestinationDb } from "../database-map.ts";
import type { DestinationLink } from "../destination/destination-link.ts";
import type { StreamLedger } from "../ledger/stream-ledger.ts";
import { connectionName } from "../own-keys.ts";
import type { ShardSyncSpec } from "../shard-sync-spec.ts";
import { fingerprintSetId, readFingerprints } from "./key-fingerprint-set.ts";
import { GiveUp } from "./reconcile-patience.ts";
import { StaleKeyRemoval } from "./reconcile-removal.ts";
import { DestinationScan, type FoundKey } from "./reconcile-scan.ts";
import { ReconcileSibling } from "./reconcile-sibling.ts";
import { readStandings } from "./reconcile-standings.ts";

const ROLE = "the destination";
const TIMEOUT_MS = 10_000;
/** Keys in one transaction, which blocks the destination for about a millisecond. */
const PAGE = 500;
/** Transactions that wait for the siblings' streams at the same time, each on a connection of its own. */
const LANES = 4;
const SAMPLES = 3;

export type ReconcileOptions = {
  readonly spec: ShardSyncSpec;
  readonly facts: ServerFacts;
  /** The shard sync's at the destination: another one's ends this. */
  readonly epoch: number;
  /** False where data of others may lie among the task's: then nothing is removed. */
  readonly destinationWasEmpty: boolean;
  /** Whether a key that the shard does not hold is this shard's to remove; `db` is the destination's. */
  readonly mayRemove: (db: number, key: Buffer) => boolean;
  /** The connection of the session: with its end this ends. */
  readonly link: DestinationLink;
  readonly ledger: StreamLedger;
  readonly now: () => number;
  readonly signal: AbortSignal;
};

/**
 * After the RDB of a re-sync is applied and before its stream is: removes from the destination what the shard
 * held in former times and its RDB does not hold any more. In: the fingerprints of the RDB's keys, a scan of the
 * destination, what the siblings have. It can be repeated from its start at any time.
 * @throws TributaryError of the destination, FENCED; the signal's reason.
 */
export async function reconcile(options: ReconcileOptions): Promise<void> {
  const { link } = options;
  const ended = new AbortController();
  const signal = AbortSignal.any([options.signal, ended.signal]);
  let over = false;
  const follow = async () => {
    while (!over && link.failure === null) await link.changed();
    ended.abort(link.failure);
  };
  void follow();
  const run = new Reconcile(options, signal);
  const close = () => run.close();
  signal.addEventListener("abort", close);
  try {
    await run.run();
  } catch (error) {
    link.check();
    signal.throwIfAborted();
    const address = formatAddress(options.spec.destination);
    throw toTributaryError(error, { role: ROLE, address, command: "WATCH" });
  } finally {
    over = true;
    signal.removeEventListener("abort", close);
    run.close();
  }
}

class Reconcile {
  readonly #options: ReconcileOptions;
  readonly #signal: AbortSignal;
  readonly #siblings: readonly ReconcileSibling[];
  readonly #clients: Redis[] = [];
  readonly #samples: string[] = [];
  /** Candidates of each database that have not been asked about, and stale keys that have not been removed. */
  readonly #candidates = new Map<number, FoundKey[]>();
  readonly #stale = new Map<number, FoundKey[]>();
  #lanes: Redis[] = [];
  #pages: FoundKey[][] = [];
  #removed = 0;
  #kept = 0;

  constructor(options: ReconcileOptions, signal: AbortSignal) {
    const { spec, now } = options;
    this.#options = options;
    this.#signal = signal;
    this.#siblings = spec.siblings.map((one) => new ReconcileSibling(one, spec.databases, now, signal));
  }

  async run(): Promise<void> {
    const { ledger, destinationWasEmpty } = this.#options;
    try {
      await this.#compare();
    } catch (error) {
      if (!(error instanceof GiveUp)) throw error;
      this.#say();
      const message = `Keys that the source has deleted may be left on the destination: ${error.message}.`;
      ledger.alert("stale-keys-kept", message);
      return;
    }
    this.#say();
    if (destinationWasEmpty || this.#kept === 0) return;
    const keys =
      this.#kept === 1
        ? "1 key that no shard has"
        : `${this.#kept.toLocaleString("en-US")} keys that no shard has`;
    const message = `The destination holds ${keys}, for example ${this.#samples.join(", ")}. Nothing was removed, since it was not empty when the task began.`;
    ledger.alert("stale-keys-kept", message);
  }

  close(): void {
    for (const client of this.#clients) client.disconnect();
    for (const sibling of this.#siblings) sibling.close();
  }

  #say(): void {
    if (this.#removed === 0) return;
    const keys = this.#removed === 1 ? "1 key" : `${this.#removed.toLocaleString("en-US")} keys`;
    this.#options.ledger.info("stale-keys-removed", `Removed ${keys} that the source no longer has.`);
  }

  async #compare(): Promise<void> {
    const { spec, facts, epoch, now, mayRemove } = this.#options;
    const signal = this.#signal;
    const id = await fingerprintSetId(spec.spoolDirectory);
    if (id === null) throw new GiveUp("the keys of its RDB could not be noted on disk");
    const hash = await this.#open();
    const removal = new StaleKeyRemoval({
      siblings: this.#siblings,
      standings: () => readStandings(hash, spec, epoch),
      unlink: Number(facts.redisVersion.split(".")[0]) >= 4,
      now,
      signal,
    });
    for (let lane = 0; lane < LANES; lane++) this.#lanes.push(await this.#open());
    const scan = new DestinationScan(spec.spoolDirectory);
    try {
      const { keyspace } = serverFacts(parseInfo(await hash.info()));
      const dbs = keyspace.map(({ db }) => db).filter((db) => isDestinationDb(spec.databases, db));
      await scan.run(this.#lanes[0]!, dbs, signal);
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const table = await readFingerprints(spec.spoolDirectory, id, partition);
        if (table === null) throw new GiveUp("the noted keys of its RDB have gone");
        for await (const found of scan.keys(partition)) {
          if (!table.has(found.high, found.low) && mayRemove(found.db, found.key))
            await this.#candidate(removal, found);
        }
      }
      for (const db of this.#candidates.keys()) await this.#ask(removal, db);
      for (const page of this.#stale.values()) this.#pages.push(page.splice(0));
      await this.#remove(removal);
    } finally {
      await scan.remove();
    }
  }

  async #candidate(removal: StaleKeyRemoval, found: FoundKey): Promise<void> {
    const page = pageOf(this.#candidates, found.db);
    page.push(found);
    if (page.length < PAGE) return;
    this.#signal.throwIfAborted();
    await this.#ask(removal, found.db);
  }

  /** Most candidates are a sibling's: they are sorted out before any key is watched. */
  async #ask(removal: StaleKeyRemoval, db: number): Promise<void> {
    const nobodys = await removal.nobodys(pageOf(this.#candidates, db).splice(0));
    if (!this.#options.destinationWasEmpty) {
      this.#keep(nobodys);
      return;
    }
    const page = pageOf(this.#stale, db);
    for (const found of nobodys) {
      page.push(found);
      if (page.length === PAGE) this.#pages.push(page.splice(0));
    }
    if (this.#pages.length >= LANES) await this.#remove(removal);
  }

  async #remove(removal: StaleKeyRemoval): Promise<void> {
    while (this.#pages.length > 0) {
      const removing = this.#pages.splice(0, LANES).map(async (page, lane) => {
        const removed = await removal.remove(this.#lanes[lane]!, page);
        this.#removed += removed;
      });
      const ends = await Promise.allSettled(removing);
      for (const end of ends) if (end.status === "rejected") throw end.reason;
    }
  }

  #keep(keys: readonly FoundKey[]): void {
    this.#kept += keys.length;
    for (const { key } of keys.slice(0, SAMPLES - this.#samples.length)) {
      this.#samples.push(commandSample([key], 1));
    }
  }

  /** Named like the connection that writes: an engine that takes over closes it too. */
  async #open(): Promise<Redis> {
    const { spec } = this.#options;
    const client = await openClient(spec.destination, {
      role: ROLE,
      timeoutMs: TIMEOUT_MS,
      connectionName: connectionName(
        spec.taskId,
        spec.shardId,
        `reconcile-${randomBytes(6).toString("hex")}`,
      ),
      db: spec.checkpointDb,
      signal: this.#signal,
    });
    this.#clients.push(client);
    return client;
  }
}

function pageOf(pages: Map<number, FoundKey[]>, db: number): FoundKey[] {
  let page = pages.get(db);
  if (page === undefined) {
    page = [];
    pages.set(db, page);
  }
  return page;
}
