import type { Differs } from "../../sync/report/shard-report.ts";
import type { Verdict } from "../../verify/verdict.ts";
import type { VerifyRange } from "../../verify/verify-spec.ts";

/** Findings that are no difference, and yet leave open whether a shard's keys are right. */
const OPEN = ["neighbor", "busy", "left-out"] as const;

/**
 * The shards of which a verdict says that nothing differs any more, whatever was skipped, rejected or kept before it
 * began: all keys were compared with their values, and all were equal.
 * @param shards of the task, by their index.
 * @returns their ids.
 */
export function clearedBy(
  verdict: Pick<Verdict, "outcome" | "depth" | "counts" | "startedAt"> & {
    readonly range: Pick<VerifyRange, "sample" | "shard"> & { readonly prefix: unknown };
  },
  shards: readonly { readonly id: string; readonly differs: Differs | null }[],
): string[] {
  const { outcome, depth, range, counts, startedAt } = verdict;
  const whole = depth === "full" && range.sample === 100 && range.prefix === null;
  if (outcome !== "equal" || !whole || OPEN.some((kind) => (counts[kind] ?? 0) > 0)) return [];
  return shards.flatMap(({ id, differs }, index) => {
    const looked = range.shard === null || range.shard === index;
    return looked && differs?.causes.every(({ lastAt }) => lastAt < startedAt) ? [id] : [];
  });
}
