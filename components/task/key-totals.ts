import type { TaskView } from "@/server/control/task-view";
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

/** The destination's keys in the databases that the task writes; what lies in others is not its own. */
export function destinationKeysOf({
  destinationKeys,
  databases,
}: Pick<TaskView, "destinationKeys" | "databases">): readonly KeyCount[] | null {
  if (destinationKeys === null || databases.kind === "all") return destinationKeys;
  return destinationKeys.filter(({ db }) => databases.pairs.some((pair) => pair.destination === db));
}
