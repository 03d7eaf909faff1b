import { randomBytes } from "node:crypto";
import type { Redis } from "ioredis";
import { openClient, toTributaryError } from "../../redis/client.ts";
import { formatAddress } from "../../redis/endpoint.ts";
import { releaseOf, type ServerFacts } from "../../redis/server-info.ts";
import { connectionName } from "../checkpoint/own-keys.ts";
import type { DestinationLink } from "../destination/destination-link.ts";
import type { Neighbors } from "../destination/neighbors.ts";
import type { StreamLedger } from "../ledger/stream-ledger.ts";
import type { ShardSyncSpec } from "../spec/shard-sync-spec.ts";
import type { FormerKeys } from "./former-keys.ts";
import type { Hold } from "./hold.ts";
import type { KeyFingerprintWriter } from "./key-fingerprint-writer.ts";
import { leftOverKeys } from "./left-over-keys.ts";
import { type Blocked, GiveUp } from "./reconcile-patience.ts";
import type { FoundKey } from "./reconcile-scan.ts";
import { ReconcileSibling } from "./reconcile-sibling.ts";
import { SharedSets } from "./shared-sets.ts";
import { isPastBound, type Shrinkage, shrinkageOf } from "./shrink-bound.ts";
import { readSiblingStates, type SiblingStates } from "./sibling-states.ts";
import { countedKeys, type LeftKeys, StaleKeyList } from "./stale-key-list.ts";
import { StaleKeyRemoval } from "./stale-key-removal.ts";

const ROLE = "the destination";
const TIMEOUT_MS = 10_000;
/** Keys in one transaction, which blocks the destination for about a millisecond. */
const PAGE = 500;
/** Transactions that wait for the siblings' streams at the same time, each on a connection of its own. */
const LANES = 4;
/** ms between two looks at who else is on the destination: a task that comes waits longer before it writes. */
const NEIGHBORS_MS = 500;

export type ReconcileOptions = {
  readonly spec: ShardSyncSpec;
  readonly facts: ServerFacts;
  /** The shard sync's at the destination: another one's ends this. */
  readonly epoch: number;
  /** The keys of the RDB. */
  readonly keys: KeyFingerprintWriter;
  /** Keys that the shard had brought before, when they were counted last; null where they never were. */
  readonly hadKeys: number | null;
  /** False where data of others may lie among the task's: then nothing is removed. */
  readonly destinationWasEmpty: boolean;
  /** Other tasks on the destination: what is left over may be theirs. */
  readonly neighbors: Neighbors;
  /** Keys that were on the destination before the task began, where they are known. */
  readonly former: FormerKeys | null;
  /**
   * Whose a key is that the shard does not hold: its own, one that it may own and of which a sibling is known to hold a
   * copy, or another's. `db` is the destination's.
   */
  readonly whose: (db: number, key: Buffer) => "own" | "copied" | "others";
  /** Whether that is told by a ring: what siblings have lost is not among those keys. */
  readonly owned: boolean;
  readonly hold: Hold;
  readonly blocked: Blocked;
  /** The connection of the session: with its end this ends. */
  readonly link: DestinationLink;
  readonly ledger: StreamLedger;
  readonly now: () => number;
  readonly signal: AbortSignal;
};

/** Somebody else is on the destination since the removal began. */
class NeighborCame extends Error {}

/**
 * After the RDB of a re-sync is applied and before its stream is: removes from the destination what the shard
 * held in former times and its RDB does not hold any more. In: the fingerprints of the RDB's keys, a scan of the
 * destination, what the siblings have. First all of them are found, then the bound of the task is looked at, then
 * they are removed. It can be repeated from its start at any time, and waits for what stands in its way.
 * @returns what the shard does not hold, and is not removed: no shard of the task has it, or, of keys that a ring gives
 * this shard, a sibling has a copy.
 * @throws TributaryError of the destination, FENCED; the signal's reason.
 */
export async function reconcile(options: ReconcileOptions): Promise<LeftKeys> {
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
    return await run.run();
  } catch (error) {
    link.check();
    signal.throwIfAborted();
    const address = formatAddress(options.spec.destination);
    throw toTributaryError(error, { role: ROLE, address, command: "WATCH" });
  } finally {
    over = true;
    signal.removeEventListener("abort", close);
    run.close();
    options.hold.end();
  }
}

class Reconcile {
  readonly #options: ReconcileOptions;
  readonly #signal: AbortSignal;
  readonly #siblings: readonly ReconcileSibling[];
  readonly #clients: Redis[] = [];
  /** Candidates of each database that have not been asked about. */
  readonly #candidates = new Map<number, FoundKey[]>();
  #lanes: Redis[] = [];
  #pages: (readonly FoundKey[])[] = [];
  readonly #shared: SharedSets;
  /** The shard's own keys that are left since a sibling has a copy: what is made of them is not to be built on that. */
  readonly #copies = new StaleKeyList();
  #removed = 0;
  #removing = false;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #removal!: StaleKeyRemoval;
  #hash!: Redis;

  constructor(options: ReconcileOptions, signal: AbortSignal) {
    const { spec, now, blocked } = options;
    this.#options = options;
    this.#signal = signal;
    this.#siblings = spec.siblings.map(
      (one) =>
        new ReconcileSibling(
          one,
          spec.databases,
          (id) => this.#shared.read(this.#hash, id),
          blocked,
          now,
          signal,
        ),
    );
    this.#shared = new SharedSets(spec.taskId);
  }

  async run(): Promise<LeftKeys> {
    const { ledger, keys } = this.#options;
    try {
      if (keys.givenUp) throw new GiveUp("the keys of its RDB could not be noted on disk");
      return await this.#run();
    } catch (error) {
      if (!(error instanceof GiveUp)) throw error;
      const message = `Keys that the source has deleted may be left on the destination: ${error.message}.`;
      ledger.differences.note("RECONCILE_SKIPPED", message);
      ledger.alert("stale-keys-kept", message);
      return "unknown";
    } finally {
      if (this.#removed > 0) {
        const message = `Removed ${countedKeys(this.#removed)} that the source no longer has.`;
        ledger.info("stale-keys-removed", message);
      }
    }
  }

  close(): void {
    for (const client of this.#clients) client.disconnect();
    for (const sibling of this.#siblings) sibling.close();
  }

  async #run(): Promise<LeftKeys> {
    const { spec, facts, now, blocked } = this.#options;
    this.#hash = await this.#open();
    this.#removal = new StaleKeyRemoval({
      siblings: this.#siblings,
      readStates: () => this.#siblingStates(),
      unlink: releaseOf(facts.redisVersion) >= 400,
      blocked,
      now,
      signal: this.#signal,
    });
    for (let lane = 0; lane < LANES; lane++) this.#lanes.push(await this.#open());
    const stale = new StaleKeyList();
    await this.#find((nobodys, held) => {
      stale.add(nobodys);
      if (this.#options.owned) this.#copies.add(held);
    });
    if (stale.count === 0) return this.#copies.all();
    await this.#options.neighbors.look(this.#hash);
    const states = await readSiblingStates(this.#hash, spec, this.#options.epoch);
    const other = this.#notOurs(states);
    if (other !== null) return this.#keep(stale, other.code, other.why);
    if (!(await this.#mayRemoveAll(stale, states))) return this.#left(stale);
    try {
      this.#removing = true;
      if (stale.whole) {
        for (const page of stale.pages(PAGE)) await this.#remove(page);
      } else {
        await this.#find((nobodys) => this.#remove(nobodys));
      }
      await this.#removeWaiting();
      return this.#copies.all();
    } catch (error) {
      if (!(error instanceof NeighborCame)) throw error;
      this.#removing = false;
      const left = new StaleKeyList();
      await this.#find((nobodys) => left.add(nobodys));
      const came = this.#notOurs(states);
      return came !== null && left.count > 0 ? this.#keep(left, came.code, came.why) : this.#left(left);
    }
  }

  #left(stale: StaleKeyList): LeftKeys {
    const [nobodys, copies] = [stale.all(), this.#copies.all()];
    return nobodys === "unknown" || copies === "unknown" ? "unknown" : [...nobodys, ...copies];
  }

  /** Hands what the shard does not hold to `found`, in pages of one database: what nobody has, and what a sibling has. */
  async #find(
    found: (nobodys: readonly FoundKey[], held: readonly FoundKey[]) => Promise<void> | void,
  ): Promise<void> {
    const { spec, keys, blocked, whose, former, neighbors } = this.#options;
    const options = {
      databases: spec.databases,
      spoolDirectory: spec.spoolDirectory,
      keys,
      blocked,
      signal: this.#signal,
      onTask: (taskId: string) => neighbors.met([taskId]),
    };
    const ask = async (page: FoundKey[]) => {
      this.#signal.throwIfAborted();
      // Most candidates are a sibling's: they are sorted out before any key is watched.
      const asked = page.splice(0);
      const nobodys = new Set(await this.#removal.nobodys(asked));
      await found(
        [...nobodys],
        asked.filter((key) => !nobodys.has(key)),
      );
    };
    await leftOverKeys(await this.#open(), options, (key) => {
      const whoseKey = whose(key.db, key.key);
      if (whoseKey === "others" || former?.has(key)) return undefined;
      if (whoseKey === "copied") return void found([], [key]);
      const page = pageOf(this.#candidates, key.db);
      page.push(key);
      return page.length < PAGE ? undefined : ask(page);
    });
    for (const page of this.#candidates.values()) if (page.length > 0) await ask(page);
  }

  /** Why it cannot be told of left over keys that this shard has brought them; null where it can. */
  #notOurs({ keeping }: SiblingStates): { readonly code: string; readonly why: string } | null {
    const { destinationWasEmpty, former, neighbors, owned } = this.#options;
    if (neighbors.ever) {
      const names = neighbors.any ? ` (${neighbors.names})` : "";
      const why = `since other tasks write, or have written, into the same databases${names}: whose they are cannot be told`;
      return { code: "NEIGHBOR_KEYS", why };
    }
    if (!destinationWasEmpty && former === null) {
      return { code: "DESTINATION_KEYS", why: "since it was not empty when the task began" };
    }
    if (keeping.length > 0 && !owned) {
      const why = `since keys are kept there for ${keeping.join(", ")}: whose they are cannot be told before that shard is synchronized again`;
      return { code: "SIBLING_KEYS", why };
    }
    return null;
  }

  #keep(stale: StaleKeyList, code: string, why: string): LeftKeys {
    const { ledger } = this.#options;
    const example = `for example ${stale.sample.slice(0, 3).join(", ")}`;
    const keys = `${countedKeys(stale.count)} that no shard of this task has`;
    const message = `The destination holds ${keys}, ${example}. Nothing was removed, ${why}.`;
    ledger.differences.note(code, message, stale.count);
    ledger.alert("stale-keys-kept", message);
    return this.#left(stale);
  }

  /** Within the bound they may; past it as the task, or somebody, says. */
  async #mayRemoveAll(stale: StaleKeyList, states: SiblingStates): Promise<boolean> {
    const { spec, hadKeys, keys, ledger, hold } = this.#options;
    const siblingsHad = (this.#options.owned ? [] : spec.siblings)
      .filter(({ shardId }) => states.of.get(shardId)?.kind === "begun")
      .flatMap(({ shardId }) => states.keys.get(shardId) ?? []);
    const shrinkage = shrinkageOf(stale.count, hadKeys, keys.count, siblingsHad);
    if (!isPastBound(shrinkage, spec.shrink)) return true;
    const keptBefore = !hold.asked && ledger.differences.has("KEYS_KEPT");
    const { onShrink } = spec.shrink;
    let decision = hold.following ? "follow" : onShrink === "hold" ? null : onShrink;
    if (decision === null && keptBefore) decision = "keep";
    decision ??= await this.#askAbout(stale, shrinkage);
    const found = `${countedKeys(stale.count)} of the ${shrinkage.of.toLocaleString("en-US")} that the shard had brought`;
    if (decision === "follow") {
      hold.following = true;
      ledger.alert("shard-followed", `The shard has lost ${found}: they are removed.`);
      return true;
    }
    const message = `The shard has lost ${found}, for example ${stale.sample.slice(0, 3).join(", ")}: they are kept on the destination.`;
    ledger.differences.note("KEYS_KEPT", message, stale.count);
    ledger.alert("shard-keys-kept", message);
    return false;
  }

  async #askAbout(stale: StaleKeyList, { wouldRemove, of }: Shrinkage): Promise<"follow" | "keep"> {
    const { hold, ledger } = this.#options;
    const what = { wouldRemove, of, sample: stale.sample, waitsFor: "a decision" };
    const message = `The shard has lost ${countedKeys(wouldRemove)} of ${of.toLocaleString("en-US")}, for example ${stale.sample.slice(0, 3).join(", ")}. Nothing is removed, and its stream waits, until it is decided: follow the shard, or keep the copy.`;
    if (hold.begin({ code: "SHARD_SHRANK", ...what })) ledger.alert("shard-shrank", message);
    // Seen by siblings that are copied again meanwhile: what is held is not theirs to remove.
    ledger.differences.note("SHARD_SHRANK", message, wouldRemove);
    const decision = await hold.decided(this.#signal);
    this.#signal.throwIfAborted();
    ledger.differences.forget("SHARD_SHRANK");
    hold.end();
    return decision ?? "keep";
  }

  async #siblingStates(): Promise<SiblingStates> {
    const { spec, epoch, neighbors, now } = this.#options;
    if (now() - this.#lookedAt > NEIGHBORS_MS) {
      this.#lookedAt = now();
      await neighbors.look(this.#hash);
    }
    if (this.#removing && neighbors.any) throw new NeighborCame();
    return await readSiblingStates(this.#hash, spec, epoch);
  }

  async #remove(page: readonly FoundKey[]): Promise<void> {
    if (page.length === 0) return;
    this.#pages.push(page);
    if (this.#pages.length === LANES) await this.#removeWaiting();
  }

  async #removeWaiting(): Promise<void> {
    const removing = this.#pages.splice(0).map(async (page, lane) => {
      const removed = await this.#removal.remove(this.#lanes[lane]!, page);
      // A copy has come meanwhile; which key's is not told, and all of the page do no harm.
      if (removed < page.length && this.#options.owned) this.#copies.add(page);
      this.#removed += removed;
    });
    const ends = await Promise.allSettled(removing);
    for (const end of ends) if (end.status === "rejected") throw end.reason;
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
