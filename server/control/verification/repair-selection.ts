import { type DifferenceKind, differenceKinds, isDifference } from "../../verify/difference.ts";
import type { RepairKey } from "../../verify/repair-outcome.ts";
import type { VerdictSummary } from "./verification-store.ts";

export { differenceKinds };

/** Which differences of a run are to be repaired: chosen keys (in base64), or all of a kind, of a shard, or both. */
export type RepairSelection = {
  readonly keys: readonly { readonly db: number; readonly key: string }[] | null;
  /** null for all kinds. */
  readonly kind: DifferenceKind | null;
  /** The index of a shard; null for all. Keys that no shard holds are on none. */
  readonly shard: number | null;
};

/** The differences of a run that are chosen. @param named those that are known by name. */
export function selected(named: readonly RepairKey[], { keys, kind, shard }: RepairSelection): RepairKey[] {
  const chosen = keys === null ? null : new Set(keys.map((one) => `${one.db} ${one.key}`));
  return named.filter(
    (one) =>
      (kind === null || one.kind === kind) &&
      (shard === null || one.shard === shard) &&
      (chosen === null || chosen.has(`${one.db} ${one.key.toString("base64")}`)),
  );
}

/** How many of the chosen differences the run has counted only: they are too many to be known by name. */
export function unnamed(
  verdict: VerdictSummary,
  named: number,
  { keys, kind, shard }: RepairSelection,
): number {
  if (keys !== null) return 0;
  const counts = shard === null ? verdict.counts : (verdict.shards[shard]?.counts ?? {});
  const kinds: readonly DifferenceKind[] = kind === null ? differenceKinds : [kind];
  const counted = kinds.reduce<number>((sum, one) => sum + (counts[one] ?? 0), 0);
  return Math.max(0, counted - named);
}

/** How many there are of each kind. */
export function kindsOf(keys: readonly RepairKey[]): Partial<Record<DifferenceKind, number>> {
  const counts: Partial<Record<DifferenceKind, number>> = {};
  for (const { kind } of keys) if (isDifference(kind)) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
