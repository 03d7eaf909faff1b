import type { KeyCount } from "@/server/sync/shard-report";

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
