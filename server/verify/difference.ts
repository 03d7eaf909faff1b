import type { ElementDifference } from "./element-differences.ts";
import type { ShownPart } from "./value-beginning.ts";

/** What makes the destination other than it should be. */
export const differenceKinds = ["missing", "extra", "type", "value", "expiry"] as const;
export type DifferenceKind = (typeof differenceKinds)[number];

/**
 * What is no difference, yet is said:
 * - stale: a copy on a shard that does not own the key, whose owner holds it too;
 * - lone: a copy of a key that its owner does not hold; the destination has it by the task's policy;
 * - collision: several shards hold the key, no ring says whose it is, and their values differ;
 * - neighbor: on the destination only, where another task writes too;
 * - busy: it went on changing, so that no two looks agreed;
 * - shaded: its expiry lies far in the future until the stream is live;
 * - doubtful: it is about to be copied again by the synchronization;
 * - unsettled: it differs, but the destination has not come to the place of the look;
 * - undecided: the bytes differ, and the value cannot be decoded (a module's);
 * - left-out: the destination does not take the value for its size, and the synchronization has said so;
 * - former: on the destination only, and it lay there before the task began.
 */
export const apartKinds = [
  "stale",
  "lone",
  "collision",
  "neighbor",
  "busy",
  "shaded",
  "doubtful",
  "unsettled",
  "undecided",
  "left-out",
  "former",
] as const;
export type ApartKind = (typeof apartKinds)[number];

/** What one side has of a key. */
export type SideFacts = {
  readonly type: string;
  /** Of memory or of the DUMP, whichever is known. */
  readonly bytes: number;
  /** ms since the epoch; -1 without. */
  readonly expireAt: number;
  /** As canonicalDigest gives it; null where the value was not read whole. */
  readonly digest: string | null;
  /** The first few parts of its value, where the other side has none to compare them with; empty if it was not read. */
  readonly beginning: readonly ShownPart[];
};

/** One finding about one key. */
export type Difference = {
  readonly kind: DifferenceKind | ApartKind;
  /** The index of the shard whose value is the rightful one, or that owns the key; null where that is unknown. */
  readonly shard: number | null;
  /** Of the destination. */
  readonly db: number;
  readonly sourceDb: number;
  readonly key: Buffer;
  /** null where the key is absent. */
  readonly source: SideFacts | null;
  readonly destination: SideFacts | null;
  /** The first few parts of the value that differ. */
  readonly elements: readonly ElementDifference[];
};

export type KindCounts = Partial<Record<Difference["kind"], number>>;

export function isDifference(kind: Difference["kind"]): kind is DifferenceKind {
  return (differenceKinds as readonly string[]).includes(kind);
}
