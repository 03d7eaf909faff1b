import { releaseOf, type ServerFacts } from "../redis/server-info.ts";
import type { StreamPosition } from "../replica/psync-handshake.ts";
import { type Checkpoint, parseCheckpoint } from "../sync/checkpoint/checkpoint.ts";
import { checkpointKey, epochField } from "../sync/checkpoint/own-keys.ts";
import { pause } from "../sync/retry/pause.ts";
import type { Side } from "./look.ts";
import { changesNothing } from "./stream-between.ts";

/** ms between two looks at the checkpoints. */
const LOOK_MS = 25;
/** A checkpoint this old is not being moved, ms. */
const ALIVE_MS = 60_000;
/** Once a shard has let us wait in vain, it is given this much, ms. */
const AGAIN_MS = 1000;

/** ms for which a checkpoint stands still before the source is asked what it has written since. */
const STILL_MS = 1000;

/** Where a source's stream was at a look, at the latest. */
export type SourcePlace = {
  readonly replids: readonly string[];
  readonly offset: bigint;
  /** Whether the stream from there up to this place changes no key but the heartbeat's. */
  readonly changesNothingSince: (from: StreamPosition, signal: AbortSignal) => Promise<boolean>;
};

/** What is known of a source's stream after a checkpoint: whether nothing is changed up to an offset. */
type After = { readonly checkpoint: string; readonly upTo: bigint; readonly nothing: boolean };

/**
 * - checkpoint: how far the shard's stream has been applied;
 * - copying: its initial sync is under way, or has yet to come;
 * - none: nothing of the task lies on the destination: nobody writes, so nothing is waited for.
 */
export type ShardProgress =
  | { readonly kind: "checkpoint"; readonly at: Checkpoint }
  | { readonly kind: "copying" | "none" };

/** Says how far the destination is, by the checkpoints that lie there. */
export class Checkpoints {
  readonly #destination: Side;
  readonly #db: number;
  readonly #taskId: string;
  readonly #shardIds: readonly string[];
  readonly #patienceMs: number;
  /** Shards that have been waited for in vain. */
  readonly #stalled = new Set<number>();
  readonly #after = new Map<number, After>();

  constructor(
    destination: Side,
    db: number,
    task: { readonly taskId: string; readonly shardIds: readonly string[] },
    patienceMs: number,
  ) {
    this.#destination = destination;
    this.#db = db;
    this.#taskId = task.taskId;
    this.#shardIds = task.shardIds;
    this.#patienceMs = patienceMs;
  }

  async progress(): Promise<ShardProgress[]> {
    const key = checkpointKey(this.#taskId);
    const fields = this.#shardIds.flatMap((shardId) => [shardId, epochField(shardId)]);
    const reply = await this.#destination.connection.must(this.#db, "HMGET", key, ...fields);
    const texts = (reply as (Buffer | null)[]).map((text) => text?.toString() ?? null);
    const any = texts.some((text) => text !== null);
    return this.#shardIds.map((_, index) => {
      const at = parseCheckpoint(texts[2 * index] ?? "");
      if (at !== null) return { kind: "checkpoint", at };
      return { kind: any ? ("copying" as const) : ("none" as const) };
    });
  }

  /** A shard sync has moved the shard's checkpoint lately. @param now ms since the epoch. */
  async alive(shard: number, now: number): Promise<boolean> {
    const one = (await this.progress())[shard]!;
    return one.kind === "checkpoint" && now - one.at.at < ALIVE_MS;
  }

  /**
   * A replica that is read may be behind the destination. Waits until each has what the destination had by now: what it
   * says from then on is not older. @returns the shards whose replicas have not come so far in time.
   */
  async followed(
    sides: readonly Side[],
    shards: Iterable<number>,
    signal: AbortSignal,
  ): Promise<Set<number>> {
    const behind = new Set([...shards].filter((shard) => isReplica(sides[shard]!)));
    if (behind.size === 0) return behind;
    const began = performance.now();
    const progress = await this.progress();
    for (;;) {
      for (const shard of [...behind]) {
        const one = progress[shard]!;
        if (one.kind !== "checkpoint" || !isBehind(one, await placeOf(sides[shard]!), true))
          behind.delete(shard);
      }
      if (behind.size === 0 || performance.now() - began >= this.#patienceMs) return behind;
      await pause(LOOK_MS, signal);
    }
  }

  /**
   * Waits until the destination holds all that each source had written at its place. Where nobody applies the stream any
   * more, what comes after the checkpoint may be nothing but the end of a heartbeat, for ever: that is not waited for.
   * @returns the shards whose checkpoint has not come so far in time.
   */
  async passed(places: ReadonlyMap<number, SourcePlace>, signal: AbortSignal): Promise<Set<number>> {
    const began = performance.now();
    let first: readonly ShardProgress[] | null = null;
    for (;;) {
      signal.throwIfAborted();
      const waited = performance.now() - began;
      const behind = new Set<number>();
      const progress = await this.progress();
      first ??= progress;
      for (const [shard, place] of places) {
        const one = progress[shard]!;
        if (!isBehind(one, place)) continue;
        const still = sameCheckpoint(one, first[shard]!) && waited >= Math.min(STILL_MS, this.#patienceMs);
        if (!(await this.#nothingAfter(shard, one, place, still, signal))) behind.add(shard);
      }
      for (const shard of places.keys()) if (!behind.has(shard)) this.#stalled.delete(shard);
      const patience = [...behind].every((shard) => this.#stalled.has(shard)) ? AGAIN_MS : this.#patienceMs;
      if (behind.size === 0) return behind;
      if (waited >= patience) {
        for (const shard of behind) this.#stalled.add(shard);
        return behind;
      }
      await pause(LOOK_MS, signal);
    }
  }

  /** @param ask the source, where it is not known yet. */
  async #nothingAfter(
    shard: number,
    one: ShardProgress,
    place: SourcePlace,
    ask: boolean,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (one.kind !== "checkpoint" || !place.replids.includes(one.at.replid)) return false;
    const { replid, offset } = one.at;
    const checkpoint = `${replid} ${offset}`;
    const known = this.#after.get(shard);
    const isKnown = known?.checkpoint === checkpoint;
    if (isKnown && (!known.nothing || known.upTo >= place.offset)) return known.nothing;
    if (!isKnown && !ask) return false;
    const from = { replid, offset: isKnown ? known.upTo : offset };
    const nothing = await place.changesNothingSince(from, signal);
    this.#after.set(shard, { checkpoint, upTo: place.offset, nothing });
    return nothing;
  }
}

function sameCheckpoint(one: ShardProgress, other: ShardProgress): boolean {
  if (one.kind !== "checkpoint" || other.kind !== "checkpoint") return false;
  return one.at.replid === other.at.replid && one.at.offset === other.at.offset;
}

/** Whether the destination is behind the source, or with `source` the source behind the destination. */
function isBehind(one: ShardProgress, { replids, offset }: SourcePlace, source = false): boolean {
  if (one.kind !== "checkpoint") return one.kind === "copying";
  if (!replids.includes(one.at.replid)) return true;
  return source ? offset < one.at.offset : one.at.offset < offset;
}

function isReplica({ connection }: Side): boolean {
  return connection.facts.role === "replica";
}

/** To be asked for after a look: all that the look saw lies before it. */
export async function placeOf({ connection }: Side): Promise<SourcePlace> {
  // Before 4.0 the replication ID is the run ID, which another section tells.
  const old = releaseOf(connection.facts.redisVersion) < 400;
  const facts: ServerFacts = await connection.info(old ? undefined : "replication");
  const replids = [facts.replid, facts.replid2, old ? facts.runId : null].filter(
    (replid): replid is string => replid !== null && replid !== "",
  );
  return {
    replids,
    offset: facts.masterReplOffset,
    changesNothingSince: (from, signal) =>
      changesNothing(connection.endpoint, connection.role, facts, from, signal),
  };
}
