import type { KeyCount } from "@/server/sync/report/shard-report";
import type { DatabaseMap } from "@/server/sync/spec/shard-sync-spec";

export type KeyTotals = { readonly keys: number; readonly expires: number };

/** All databases together; null while unknown. */
export function totalKeys(counts: readonly KeyCount[] | null): KeyTotals | null {
  if (counts === null) return null;
  return counts.reduce(
    (sum, { keys, expires }) => ({ keys: sum.keys + keys, expires: sum.expires + expires }),
    {
      keys: 0,
      expires: 0,
    },
  );
}

/** Of the counts those of databases that the task copies; what lies in others is not its own. */
export function copiedKeys(
  counts: readonly KeyCount[] | null,
  databases: DatabaseMap,
  side: "source" | "destination",
): readonly KeyCount[] | null {
  if (counts === null || databases.kind === "all") return counts;
  return counts.filter(({ db }) => databases.pairs.some((pair) => pair[side] === db));
}
