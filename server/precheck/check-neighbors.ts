import { checkOf } from "./check-result.ts";
import type { NeighborTask } from "./neighbor-tasks.ts";
import type { Check, ShardAnswers } from "./precheck-report.ts";

/** Other tasks, of this Tributary or of another, that write to the same databases. */
export const checkNeighbors: Check = ({ shards, destination, use }) => {
  if (use === null) return [];
  const check = checkOf(
    "destination-neighbors",
    { ok: "No other task", found: "Another task writes here" },
    destination.subject,
  );
  if (use.neighbors.length === 0) return [check.ok("No other task writes to these databases.")];
  return [
    ...shards.flatMap((shard) => readTwice(shard, use.neighbors)),
    check.warning(
      "Another task writes to the same databases. Neither removes what the other brought; of a key that both have, the last write wins.",
      "Shards of one Twemproxy belong in one task: add them there. Pools that share key names need a database each.",
      use.neighbors.map(neighborText).join("; "),
    ),
  ];
};

/**
 * A task that has ended is none of these: it applies nothing more. A warning only, since the two may read different
 * databases of the shard, which a checkpoint does not say.
 */
function readTwice({ subject, facts }: ShardAnswers, neighbors: readonly NeighborTask[]) {
  if (facts === null) return [];
  // Before 4.0 the replication id is the run id.
  const ids = [facts.replid || facts.runId, facts.replid2].filter((id) => id);
  const readers = neighbors.filter(
    ({ leftAt, replids }) => leftAt === null && replids.some((id) => ids.includes(id)),
  );
  if (readers.length === 0) return [];
  const titles = { ok: "Read by one task", found: "Another task reads this shard, too" };
  return [
    checkOf("shard-read-twice", titles, subject).warning(
      "Another task copies this shard into the same databases. Each INCR, APPEND or RPUSH of the shard would be applied twice.",
      "Delete the other task, or give this one other databases of the destination.",
      readers.map(neighborText).join("; "),
    ),
  ];
}

/** e.g. "alpha on host-1 (a, b)". */
export function neighborText({ id, name, host, shards }: NeighborTask): string {
  const where = host === null ? "" : ` on ${host}`;
  return `${name ?? `task ${id}`}${where}${shards.length === 0 ? "" : ` (${shards.join(", ")})`}`;
}
