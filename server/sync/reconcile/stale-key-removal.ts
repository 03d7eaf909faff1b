import type { Redis } from "ioredis";
import { pause } from "../retry/pause.ts";
import { type Blocked, Patience } from "./reconcile-patience.ts";
import type { FoundKey } from "./reconcile-scan.ts";
import type { ReconcileSibling, SourcePosition } from "./reconcile-sibling.ts";
import type { SiblingStates } from "./sibling-states.ts";

const POLL_MS = 20;
const SETTLE_MS = 500;
/** Times that a single key may change under the hand: somebody writes it, so it is not stale. */
const MOST_CHANGES = 5;

export type RemovalOptions = {
  readonly siblings: readonly ReconcileSibling[];
  readonly readStates: () => Promise<SiblingStates>;
  /** UNLINK (4.0) or DEL. */
  readonly unlink: boolean;
  readonly blocked: Blocked;
  readonly now: () => number;
  readonly signal: AbortSignal;
};

/**
 * Removes candidates, keys of the destination that this shard's RDB does not hold, if they are no sibling's.
 *
 * The order is what makes it sound: (1) WATCH, (2) the siblings' states, (3) what a sibling that is loading
 * its RDB has noted, (4) EXISTS on every source, (5) the sources' offsets, (6) the siblings' checkpoints have
 * passed them, (7) EXEC. What a sibling has written before (1) is a key of the RDB at hand, or its source has
 * it, or its stream has taken it away between (1) and (6); what it writes after (1) makes EXEC fail.
 */
export class StaleKeyRemoval {
  readonly #options: RemovalOptions;

  constructor(options: RemovalOptions) {
    this.#options = options;
  }

  /** Those of `keys`, of one database, of which no sibling is known to have them; waits for siblings that load. */
  async nobodys(keys: readonly FoundKey[]): Promise<FoundKey[]> {
    let left: FoundKey[] | null = null;
    while (left === null) {
      await this.settled();
      const states = await this.#options.readStates();
      this.#servers(states);
      left = await this.#outsideRdbs(keys, states);
    }
    return await this.#absent(left);
  }

  /**
   * Removes those of `keys`, of one database, that are nobody's.
   * @param lane a connection of the caller's that nobody else uses now
   * @returns how many there were. @throws GiveUp, what the destination answers.
   */
  async remove(lane: Redis, keys: readonly FoundKey[], changes = 0): Promise<number> {
    if (keys.length === 0) return 0;
    for (;;) {
      this.#options.signal.throwIfAborted();
      await lane.select(keys[0]!.db);
      await lane.watch(...keys.map(({ key }) => key));
      const states = await this.#options.readStates();
      const servers = this.#servers(states);
      const outside = await this.#outsideRdbs(keys, states);
      const stale = outside === null ? null : await this.#absent(outside);
      if (stale !== null && stale.length === 0) {
        await lane.unwatch();
        return 0;
      }
      if (stale === null || !(await this.#passed(states)) || servers !== this.#servers(states)) {
        // A sibling has begun an initial sync meanwhile, whose set has to be waited for, or its master has moved.
        await lane.unwatch();
        await this.settled();
        continue;
      }
      const names = stale.map(({ key }) => key);
      const transaction = lane.multi();
      if (this.#options.unlink) transaction.unlink(...names);
      else transaction.del(...names);
      const answers = await transaction.exec();
      if (answers === null) return await this.#again(lane, stale, changes + 1);
      const [error, removed] = answers[0]!;
      if (error !== null) throw error;
      return Number(removed);
    }
  }

  /** Resolves when every sibling's initial sync has noted all that its RDB holds. @throws GiveUp */
  async settled(): Promise<void> {
    const { siblings, readStates, now, signal, blocked } = this.#options;
    const patience = new Patience(now, blocked);
    for (;;) {
      signal.throwIfAborted();
      const { of, texts } = await readStates();
      const loading: ReconcileSibling[] = [];
      for (const sibling of siblings) {
        const begun = of.get(sibling.shard.shardId)?.kind === "begun";
        if (begun && (await sibling.outsideRdb([])) === null) loading.push(sibling);
      }
      if (loading.length === 0) return patience.over();
      const states = await Promise.all(loading.map((sibling) => sibling.progress()));
      const why = `the initial sync of ${loading.map(({ role }) => role).join(", ")} has begun and does not go on`;
      patience.watch(`${texts} ${states.join(" ")}`, why);
      await pause(SETTLE_MS, signal);
    }
  }

  /** One of the keys was changed by somebody: in halves, what was not is found. */
  async #again(lane: Redis, keys: readonly FoundKey[], changes: number): Promise<number> {
    if (keys.length === 1) return changes > MOST_CHANGES ? 0 : await this.remove(lane, keys, changes);
    const middle = keys.length >> 1;
    return (await this.remove(lane, keys.slice(0, middle))) + (await this.remove(lane, keys.slice(middle)));
  }

  /** null while a sibling that has begun has no whole set. */
  async #outsideRdbs(keys: readonly FoundKey[], states: SiblingStates): Promise<FoundKey[] | null> {
    let left: FoundKey[] | null = [...keys];
    for (const sibling of this.#options.siblings) {
      if (states.of.get(sibling.shard.shardId)?.kind !== "begun") continue;
      left = await sibling.outsideRdb(left);
      if (left === null) return null;
    }
    return left;
  }

  /** Which servers the siblings are asked on, given where they stand; another text when one has changed. */
  #servers(states: SiblingStates): string {
    for (const sibling of this.#options.siblings) {
      const state = states.of.get(sibling.shard.shardId);
      if (state?.kind === "at") sibling.checkpoint = state;
    }
    return this.#options.siblings.map(({ servers }) => servers).join(" ");
  }

  async #absent(keys: readonly FoundKey[]): Promise<FoundKey[]> {
    let left = [...keys];
    for (const sibling of this.#options.siblings) left = await sibling.absent(left);
    return left;
  }

  /**
   * Waits until the siblings that stream have applied all that their sources have written by now; false when one
   * of them has begun an initial sync instead. @throws GiveUp
   */
  async #passed(before: SiblingStates): Promise<boolean> {
    const { siblings, readStates, now, signal, blocked } = this.#options;
    const streaming = siblings.filter(({ shard }) => before.of.get(shard.shardId)?.kind === "at");
    const wanted = new Map<ReconcileSibling, SourcePosition>();
    for (const sibling of streaming) wanted.set(sibling, await sibling.position());
    const patience = new Patience(now, blocked);
    for (;;) {
      signal.throwIfAborted();
      const { of, texts } = await readStates();
      const behind: ReconcileSibling[] = [];
      for (const [sibling, { replid, offset }] of wanted) {
        const state = of.get(sibling.shard.shardId);
        if (state?.kind !== "at") {
          patience.over();
          return false;
        }
        // An offset says nothing in another history; after a failover the checkpoint takes on the new replid, or
        // the sibling is to be asked elsewhere.
        if (state.replid !== replid) {
          sibling.checkpoint = state;
          wanted.set(sibling, await sibling.position());
        }
        if (state.replid !== replid || state.offset < offset) behind.push(sibling);
      }
      if (behind.length === 0) {
        patience.over();
        return true;
      }
      const names = behind.map(({ role }) => role).join(", ");
      patience.watch(texts, `the stream of ${names} is not applied: its checkpoint does not move`);
      await pause(POLL_MS, signal);
    }
  }
}
