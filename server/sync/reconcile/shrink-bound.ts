import type { ShrinkPolicy } from "../spec/shard-sync-spec.ts";

/** What a re-sync would remove, and from how much. */
export type Shrinkage = {
  readonly wouldRemove: number;
  /** Keys that the shard had brought; at least `wouldRemove`. */
  readonly of: number;
};

/**
 * How many keys the shard had brought, at the least that it can have been. A sibling that is copied again at the same
 * time may be the one that has shrunk: what it had brought counts, where that is less.
 * @param had keys of this shard when they were counted last; null where they never were.
 * @param present keys that its RDB holds. @param siblingsHad of those that are copied again, too.
 */
export function shrinkageOf(
  wouldRemove: number,
  had: number | null,
  present: number,
  siblingsHad: readonly number[],
): Shrinkage {
  const own = had ?? present + wouldRemove;
  return { wouldRemove, of: Math.max(wouldRemove, Math.min(own, ...siblingsHad)) };
}

/** Both the count and the share have to be passed. */
export function isPastBound({ wouldRemove, of }: Shrinkage, { maxKeys, maxShare }: ShrinkPolicy): boolean {
  return wouldRemove > maxKeys && wouldRemove > maxShare * of;
}
