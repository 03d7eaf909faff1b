import type { ExpiryTime } from "../../redis/expiry-time.ts";
import type { LazyExpiryTrigger } from "./lazy-expiry-trigger.ts";
import type { StreamClock } from "./stream-clock.ts";
import { TrueExpiries } from "./true-expiries.ts";

/**
 * Why expiries are held back. A replica never expires a key by itself: it waits for its master's DEL. A
 * destination does expire, by its own clock, so a key whose expiry was renewed on the source would be gone
 * before the renewal is applied, whenever the stream is behind: in an initial sync, after a pause. Therefore an
 * expiry that may come before the stream has caught up is written far in the future, by a distance that names
 * the shard; the source's DEL removes the key in time, and once the stream is live the true expiry is restored.
 *
 * redis: db.c expireIfNeeded, expire.c activeExpireCycle (masters only)
 */
export const HELD_BACK_STEP = 2 ** 43;
/** Hardly any true expiry is as far in the future as this: the year is 144,683. */
const HELD_BACK_BASE = 2 ** 52;
/** An expiry before this (2004) is held back as this one: both are past. So what is nearer to the base is a true one. */
export const HELD_BACK_FLOOR = 2 ** 40;

/** The most shards that a task can have so that a held-back expiry stays below 2^53 ms. */
const MAX_SHARDS = 500;

/** Whether a true expiry looks like a held-back one, of whichever shard. */
function looksHeldBack(expireAt: ExpiryTime): boolean {
  if (typeof expireAt === "bigint" || expireAt < HELD_BACK_BASE + HELD_BACK_FLOOR) return false;
  const above = expireAt - HELD_BACK_BASE;
  return above < MAX_SHARDS * HELD_BACK_STEP && above % HELD_BACK_STEP >= HELD_BACK_FLOOR;
}

/** The distance of a shard's held-back expiries, ms. */
export function heldBackBy(shardIndex: number): number {
  return HELD_BACK_BASE + (shardIndex % MAX_SHARDS) * HELD_BACK_STEP;
}

/** An expiry this near to the moment at which the stream is known to be is always held back, ms. */
const MARGIN_MS = 2000;
/** Held-back expiries further away than this are restored by a scan, not by the list of recent ones, ms. */
const NEAR_MS = 5000;
/** The source is asked about a held-back key this long after its expiry, ms. */
const TRIGGER_MS = 300;
/** Recent held-back keys that are remembered; past this the scan has to find them. */
const MAX_RECENT = 50_000;

export type RecentlyHeldBack = { readonly db: number; readonly key: Buffer; readonly expireAt: number };

/** Decides which expiries of one shard are held back, and remembers what has to be restored. */
export class HeldBackExpiries {
  /** Where false, the destination permits no script that could restore an expiry: none is held back. */
  enabled = true;
  /** There may be held-back keys on the destination that `recent` does not hold: a scan has to restore them. */
  scanNeeded = false;
  /** A scan is under way: a key that changes its place now may pass by it. */
  scanning = false;
  readonly distance: number;
  readonly #now: () => number;
  #recent: RecentlyHeldBack[] = [];
  readonly #clock: StreamClock;
  readonly #lazyExpiry: LazyExpiryTrigger;

  /** Keys whose true expiry looks like a held-back one. */
  readonly trueOnes: TrueExpiries;
  /** Held-back expiries that `recent` does not hold; null until a scan has counted those of a former engine. */
  #scattered: number | null = 0;
  #scatteredBefore = 0;

  /** @param trueKey of the set of true expiries that look like held-back ones. */
  constructor(
    shardIndex: number,
    clock: StreamClock,
    lazyExpiry: LazyExpiryTrigger,
    now: () => number,
    trueKey = "true-expiries",
  ) {
    this.trueOnes = new TrueExpiries(trueKey);
    this.distance = heldBackBy(shardIndex);
    this.#clock = clock;
    this.#lazyExpiry = lazyExpiry;
    this.#now = now;
  }

  /** The expiry to write for a key of the stream, whose databases are `sourceDb` and `db`. */
  inStream(sourceDb: number, db: number, key: Uint8Array, expireAt: ExpiryTime): ExpiryTime {
    const now = this.#now();
    // It is the destination's clock that would let the key expire, perhaps ahead of the source's.
    const safe = Math.max(now, this.#clock.destinationNow) + this.#clock.behindMs + MARGIN_MS;
    if (!this.enabled || typeof expireAt === "bigint" || expireAt >= safe)
      return this.#true(db, key, expireAt);
    this.trueOnes.lift(db, key);
    if (expireAt > now + NEAR_MS || this.#recent.length >= MAX_RECENT) this.#scatter();
    else {
      const copy = Buffer.from(key);
      this.#remember({ db, key: copy, expireAt }, now);
      this.#lazyExpiry.add(sourceDb, copy, expireAt + TRIGGER_MS + now - this.#clock.sourceNow);
    }
    return Math.max(expireAt, HELD_BACK_FLOOR) + this.distance;
  }

  /**
   * The time before which a script that runs now is to hold an expiry back; 0 while the stream is live: what a script has
   * held back is found by a scan alone.
   */
  inScript(): number {
    if (!this.enabled || this.#clock.live) return 0;
    this.scanNeeded = true;
    return Math.max(this.#now(), this.#clock.destinationNow) + this.#clock.behindMs + MARGIN_MS;
  }

  /** The expiry to write for a key of an RDB; `horizonMs` is how long its load and what follows may take at most. */
  inSnapshot(db: number, key: Uint8Array, expireAt: ExpiryTime, horizonMs: number): ExpiryTime {
    if (!this.enabled || typeof expireAt === "bigint" || expireAt < 0 || expireAt >= this.#now() + horizonMs)
      return this.#true(db, key, expireAt);
    this.trueOnes.lift(db, key);
    this.#scatter();
    return Math.max(expireAt, HELD_BACK_FLOOR) + this.distance;
  }

  #true(db: number, key: Uint8Array, expireAt: ExpiryTime): ExpiryTime {
    if (this.enabled && looksHeldBack(expireAt)) this.trueOnes.note(db, key);
    return expireAt;
  }

  #scatter(): void {
    this.scanNeeded = true;
    if (this.#scattered !== null) this.#scattered++;
    this.#scatteredBefore++;
  }

  /** A former engine may have left held-back expiries: how many is not known. */
  inherited(): void {
    this.scanNeeded = true;
    this.#scattered = null;
  }

  /** How many expiries stand held back now, as far as it is known; null where it is not. */
  get count(): number | null {
    if (this.#scattered === null) return null;
    const now = this.#now();
    return this.#scattered + this.#recent.filter(({ expireAt }) => expireAt > now - TRIGGER_MS).length;
  }

  scanBegins(): void {
    this.scanNeeded = false;
    this.scanning = true;
    this.#scatteredBefore = 0;
  }

  /** @param left expiries that the scan has left held back; infinite where it did not come to its end. */
  scanEnds(left: number): void {
    if (left > 0) this.scanNeeded = true;
    // Those that came meanwhile may have been found, or not.
    if (Number.isFinite(left)) this.#scattered = left + this.#scatteredBefore;
  }

  /** A key may have taken its held-back expiry along to another name, which only a scan finds. */
  keyRenamed(): void {
    if (this.#recent.length > 0 || this.scanning) this.scanNeeded = true;
  }

  /** Keys held back lately whose expiry may still lie ahead: to be restored before the shard sync ends. */
  takeRecent(): RecentlyHeldBack[] {
    const recent = this.#recent;
    this.#recent = [];
    return recent;
  }

  #remember(one: RecentlyHeldBack, now: number): void {
    this.#recent.push(one);
    // Long past, the source's DEL has come: nothing is left to restore.
    if (this.#recent.length % 1024 === 0) {
      this.#recent = this.#recent.filter((recent) => recent.expireAt > now - 2 * NEAR_MS);
    }
  }
}

/** How long the load of an RDB, and catching up after it, may take: 5 MB/s is slower than anything measured. */
export function snapshotHorizonMs(rdbBytes: number | null): number {
  const load = rdbBytes === null ? 0 : (rdbBytes / 5_000_000) * 2000;
  return 15 * 60_000 + load;
}
