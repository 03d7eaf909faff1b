import type { Difference, SideFacts } from "./difference.ts";
import { clockOf, number } from "./verdict.ts";

/** A key that a verification found to differ. */
export type RepairKey = Pick<Difference, "kind" | "shard" | "db" | "sourceDb" | "key">;

/**
 * What has come of a key:
 * - copied: the destination has its rightful value now;
 * - deleted: nobody owns it, and it has gone;
 * - equal: it had come right by itself;
 * - differs: it is other than it should be, still or again;
 * - busy: it went on changing at every look;
 * - kept: it is not removed, since it may be another task's, or lay there before the task began;
 * - left-out: the destination does not take its value for its size;
 * - noted: it is to be copied again, and has not been yet;
 * - untold: whether it is right cannot be told.
 */
export const repairOutcomes = [
  "copied",
  "deleted",
  "equal",
  "differs",
  "busy",
  "kept",
  "left-out",
  "noted",
  "untold",
] as const;
export type RepairOutcome = (typeof repairOutcomes)[number];

/** `before` and `after` are the destination's. */
export type RepairedKey = {
  /** The one that was given. */
  readonly key: RepairKey;
  readonly before: SideFacts | null;
  readonly after: SideFacts | null;
  readonly outcome: RepairOutcome;
};

/** @param finding what a verification says of the key now; null where it has nothing to say. */
export function outcomeOf(
  finding: Difference | null,
  before: SideFacts | null,
  after: SideFacts | null,
): RepairOutcome {
  switch (finding?.kind) {
    case undefined:
    case "lone":
    case "collision":
      if (unchanged(before, after)) return "equal";
      return after === null ? "deleted" : "copied";
    case "neighbor":
    case "former":
      return "kept";
    case "left-out":
    case "busy":
      return finding.kind;
    case "doubtful":
    case "unsettled":
      return "noted";
    case "shaded":
    case "undecided":
      return "untold";
    default:
      return "differs";
  }
}

/** A value that was not read whole may have changed. */
function unchanged(before: SideFacts | null, after: SideFacts | null): boolean {
  if (before === null || after === null) return before === after;
  return before.digest !== null && before.digest === after.digest && before.expireAt === after.expireAt;
}

export type RepairCounts = Partial<Record<RepairOutcome, number>>;

/** What a repair has come to, in one sentence. @param at ms since the epoch. */
export function repairSentence(counts: RepairCounts, at: number): string {
  const of = (...outcomes: RepairOutcome[]) => outcomes.reduce((sum, one) => sum + (counts[one] ?? 0), 0);
  const total = of(...repairOutcomes);
  const right = of("copied", "deleted", "equal");
  const how = [
    part(of("copied"), "copied again"),
    part(of("deleted"), "deleted"),
    part(of("equal"), "right by itself"),
  ].filter((text) => text !== null);
  const left = [
    part(of("differs"), of("differs") === 1 ? "still differs" : "still differ"),
    part(of("busy"), "changed at every look"),
    part(of("kept"), "kept, which may not be this task's"),
    part(of("left-out"), "left out, which the destination does not take for their size"),
    part(of("noted"), "noted, to be copied when the synchronization goes on"),
    part(of("untold"), "cannot be told"),
  ].filter((text) => text !== null);
  const detail = how.length === 0 ? "" : ` (${how.join(", ")})`;
  const told = `${number(right)} of ${number(total)} ${total === 1 ? "key" : "keys"} right${detail}`;
  const rest = left.length === 0 ? "" : `; ${left.join("; ")}`;
  return `${told}${rest}, verified again as of ${clockOf(at)}`;
}

function part(count: number, what: string): string | null {
  return count === 0 ? null : `${number(count)} ${what}`;
}
