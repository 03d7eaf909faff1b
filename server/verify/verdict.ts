import type { Difference, KindCounts } from "./difference.ts";
import type { Neighbor } from "./neighbors.ts";
import type { VerifyDepth, VerifyRange } from "./verify-spec.ts";

export type ShardVerdict = {
  readonly shardId: string;
  readonly shardName: string;
  readonly counts: KindCounts;
};

/** What a verification has come to. */
export type Verdict = {
  /** `unknown`: nothing is known to differ, but not all could be told. */
  readonly outcome: "equal" | "different" | "unknown";
  /** The outcome in one sentence, with how it was come to. */
  readonly sentence: string;
  /** What else is to be said, a sentence each. */
  readonly notes: readonly string[];
  readonly depth: VerifyDepth;
  readonly range: VerifyRange;
  /** ms since the epoch. */
  readonly startedAt: number;
  readonly finishedAt: number;
  /** Keys whose rightful value was compared; with depth `counts` those that the shards have. */
  readonly compared: number;
  readonly destinationKeys: number;
  readonly differences: number;
  readonly counts: KindCounts;
  readonly shards: readonly ShardVerdict[];
  /** Of keys that no shard holds. */
  readonly unowned: KindCounts;
  readonly neighbors: readonly Neighbor[];
  /** The first of them; `differences` and `counts` are of all. */
  readonly listed: readonly Difference[];
};

type Told = Pick<Verdict, "compared" | "differences" | "counts" | "finishedAt" | "range" | "neighbors">;

/** @param told what was found. */
export function outcomeOf({ differences, counts }: Pick<Told, "differences" | "counts">): Verdict["outcome"] {
  if (differences > 0) return "different";
  const untold = (counts.unsettled ?? 0) + (counts.undecided ?? 0) + (counts.doubtful ?? 0);
  return untold > 0 ? "unknown" : "equal";
}

export function sentenceOf(told: Told): string {
  const { compared, differences, counts, range } = told;
  const outcome = outcomeOf(told);
  const sample = range.sample < 100 ? ` (a sample of ${range.sample} %)` : "";
  const time = clockOf(told.finishedAt);
  if (outcome === "different") {
    // Keys that only the destination has were not compared with any.
    const extra = counts.extra ?? 0;
    const total = number(compared + extra);
    return `${number(differences)} of ${total} ${differences === 1 ? "differs" : "differ"}${sample}, as of ${time}`;
  }
  if (outcome === "equal")
    return `${number(compared)} ${compared === 1 ? "key" : "keys"} compared${sample}, all equal as of ${time}`;
  const untold = [
    some(counts.unsettled, "could not be checked since the destination is behind"),
    some(counts.doubtful, "about to be copied again"),
    some(counts.undecided, "with values that cannot be decoded"),
  ].filter((text) => text !== null);
  return `Could not tell: ${number(compared)} ${compared === 1 ? "key" : "keys"} compared${sample}, none known to differ, but ${untold.join(", ")}, as of ${time}`;
}

export function notesOf({ counts, neighbors }: Told): string[] {
  const invisible = (counts.stale ?? 0) + (counts.lone ?? 0);
  const names = neighbors.map(({ name }) => name).join(", ");
  return [
    some(
      invisible,
      "that the application cannot see through the proxy: copies on shards that do not own them",
    ),
    some(
      counts.lone,
      "among these that no owner has, so that the merge policy decides whether the destination has them",
    ),
    some(counts.collision, "that several shards hold with different values; the destination has one of them"),
    some(counts.neighbor, `that no shard of this task holds and that may be another task's (${names})`),
    some(counts.busy, "that kept changing at every look, and count as neither equal nor different"),
    some(counts.shaded, "whose expiry the synchronization has yet to restore"),
    some(counts["left-out"], "left out, since the destination does not accept values of their size"),
    some(counts.former, "that no shard holds and that were on the destination before the task began"),
  ].filter((text) => text !== null);
}

function some(count: number | undefined, what: string): string | null {
  return count === undefined || count === 0
    ? null
    : `${number(count)} ${count === 1 ? "key" : "keys"} ${what}`;
}

export function number(value: number): string {
  return value.toLocaleString("en-US");
}

/** @param at ms since the epoch. @returns hh:mm:ss of this machine's time zone. */
export function clockOf(at: number): string {
  return new Date(at).toTimeString().slice(0, 8);
}
