import type { Redis } from "ioredis";
import { releaseOf } from "../../redis/server-info.ts";
import { pause } from "../retry/pause.ts";
import type { HeldBackExpiries } from "./held-back-expiries.ts";
import { HELD_BACK_FLOOR, HELD_BACK_STEP } from "./held-back-expiries.ts";
import type { StreamClock } from "./stream-clock.ts";

/** Keys in one script, which blocks the destination for well under a millisecond. */
const PAGE = 200;
/** An expiry that is this near stays held back while the stream runs: its DEL is about to come. */
const SOON_MS = 3000;
/** A key that should have expired this long ago had no DEL: the source has not looked at it yet. */
const LATE_MS = 15_000;

/**
 * Gives the keys of one shard, named in KEYS, their true expiry where theirs is held back. ARGV: the distance,
 * the step, the bounds between which a true expiry is left alone, the least that is held back, the set of keys whose
 * expiry only looks held back, its database, that of the keys, and the time. Answers how many it left.
 */
function script(redisVersion: string): string {
  const release = releaseOf(redisVersion);
  const since32 = release >= 302;
  const fromTtl = "local ttl = redis.call('PTTL', key); local at = ttl < 0 and ttl or ttl + now";
  // Before 5.0 a script may read the clock and write only when its effects are replicated, which came with 3.2. Without
  // the clock what is left to live says the same: then the time in ARGV is for the bounds alone.
  const clock = `
if redis.replicate_commands then redis.replicate_commands() end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)`;
  const restore = since32
    ? "redis.call('PEXPIREAT', key, string.format('%.0f', expiry))"
    : "redis.call('PEXPIRE', key, string.format('%.0f', ttl - distance))";
  return `
local distance, step, soon, late = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
 local floor, set, home, db = tonumber(ARGV[5]), ARGV[6], ARGV[7], ARGV[8]
 ${release >= 700 ? "" : since32 ? clock : "local now = tonumber(ARGV[9])"}
 local function athome(...)
   if home ~= db then redis.call('SELECT', home) end
   local found = redis.call(...)
   if home ~= db then redis.call('SELECT', db) end
   return found == 1
 end
 local left, any = 0, athome('EXISTS', set)
 for _, key in ipairs(KEYS) do
   ${release >= 700 ? "local at = redis.call('PEXPIRETIME', key)" : fromTtl}
   if at >= distance + floor and at < distance + step
     and not (any and athome('SISMEMBER', set, db .. ':' .. key)) then
    local expiry = at - distance
    if expiry > soon or expiry < late then
      ${restore}
    else
      left = left + 1
    end
  end
end
return left`;
}

/** Restores the true expiries of held-back keys, each in a script that sees whether it is still held back. */
export class ExpiryRestorer {
  readonly #client: Redis;
  readonly #heldBack: HeldBackExpiries;
  readonly #clock: StreamClock;
  readonly #script: string;
  readonly #now: () => number;
  readonly #checkpointDb: number;

  /** @param client of the destination; its selected database is changed. @param redisVersion of the destination. */
  constructor(
    client: Redis,
    heldBack: HeldBackExpiries,
    clock: StreamClock,
    redisVersion: string,
    checkpointDb: number,
    now: () => number,
  ) {
    this.#checkpointDb = checkpointDb;
    this.#client = client;
    this.#heldBack = heldBack;
    this.#clock = clock;
    this.#script = script(redisVersion);
    this.#now = now;
  }

  /** Whether the destination permits such a script at all. @throws what says nothing about that. */
  async permitted(): Promise<boolean> {
    try {
      await this.#run(this.#checkpointDb, []);
      return true;
    } catch (error) {
      if (/^(NOPERM|ERR unknown command)/i.test(error instanceof Error ? error.message : "")) return false;
      throw error;
    }
  }

  /** Restores what was held back lately, also what expires soon: for the end of a shard sync. */
  async restoreRecent(): Promise<void> {
    const byDb = new Map<number, Buffer[]>();
    for (const { db, key } of this.#heldBack.takeRecent()) {
      const keys = byDb.get(db);
      if (keys === undefined) byDb.set(db, [key]);
      else keys.push(key);
    }
    for (const [db, keys] of byDb) {
      await this.#client.select(db);
      for (let first = 0; first < keys.length; first += PAGE) {
        await this.#run(db, keys.slice(first, first + PAGE), { all: true });
      }
    }
  }

  /**
   * Looks at every key of the destination's databases `dbs` and restores this shard's. Half of the time is
   * left to others. With `all` those that are about to expire are restored, too.
   * @returns how many are still held back; all of them count when the signal was aborted before the end.
   */
  async restoreAll(dbs: readonly number[], options: { all: boolean; signal: AbortSignal }): Promise<number> {
    let left = 0;
    for (const db of dbs) {
      await this.#client.select(db);
      let cursor = "0";
      do {
        if (options.signal.aborted) return Number.POSITIVE_INFINITY;
        const began = this.#now();
        const [next, keys] = await this.#client.scanBuffer(cursor, "COUNT", PAGE);
        cursor = next.toString();
        if (keys.length > 0) left += await this.#run(db, keys, options);
        if (!options.all) await pause(this.#now() - began, options.signal);
      } while (cursor !== "0");
    }
    return left;
  }

  async #run(db: number, keys: readonly Buffer[], options?: { all: boolean }): Promise<number> {
    const { destinationNow, sourceNow } = this.#clock;
    const soon = Math.max(destinationNow, sourceNow) + SOON_MS;
    const late = Math.min(destinationNow, sourceNow) - LATE_MS;
    const bounds = options?.all ? [0, 0] : [soon, late];
    const { distance, trueOnes } = this.#heldBack;
    const told = [
      distance,
      HELD_BACK_STEP,
      ...bounds,
      HELD_BACK_FLOOR,
      trueOnes.setKey,
      this.#checkpointDb,
      db,
    ];
    const args = [...told, destinationNow].map(String);
    return Number(await this.#client.eval(this.#script, keys.length, ...keys, ...args));
  }
}
