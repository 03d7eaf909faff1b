import { checkOf } from "./check-result.ts";
import type { NeighborTask } from "./neighbor-tasks.ts";
import type { Check } from "./precheck-report.ts";

/** Other tasks, of this Tributary or of another, that write to the same databases. */
export const checkNeighbors: Check = ({ destination, use }) => {
  if (use === null) return [];
  const check = checkOf(
    "destination-neighbors",
    { ok: "No other task", found: "Another task writes here" },
    destination.subject,
  );
  if (use.neighbors.length === 0) return [check.ok("No other task writes to these databases.")];
  return [
    check.warning(
      "Another task writes to the same databases. Neither removes what the other brought; of a key that both have, the last write wins.",
      "Shards of one Twemproxy belong in one task: add them there. Pools that share key names need a database each.",
      use.neighbors.map(neighborText).join("; "),
    ),
  ];
};

/** e.g. "alpha on host-1 (a, b)". */
export function neighborText({ id, name, host, shards }: NeighborTask): string {
  const where = host === null ? "" : ` on ${host}`;
  return `${name ?? `task ${id}`}${where}${shards.length === 0 ? "" : ` (${shards.join(", ")})`}`;
}
