import { checkOf } from "./check-result.ts";
import type { DatabasePair } from "./precheck-input.ts";
import type { Check, DestinationUse } from "./precheck-report.ts";
import type { NeighborTask, ShardAnswers } from "./server-answers.ts";

/** Other tasks, of this Tributary or of another, that write to the same databases. */
export const checkNeighbors: Check = ({ shards, destination, databases, use }) => {
  if (use === null) return [];
  const check = checkOf(
    "destination-neighbors",
    { ok: "No other task", found: "Another task writes here" },
    destination.subject,
  );
  if (use.neighbors.length === 0) return [check.ok("No other task writes to these databases.")];
  return [
    ...shards.flatMap((shard) => readTwice(shard, databases, use.neighbors)),
    ...collisions(use, destination.subject),
    check.warning(
      "Another task writes to the same databases. Neither removes what the other brought; of a key that both have, the last write wins.",
      "Shards of one Twemproxy belong in one task: add them there. Pools that share key names need a database each.",
      use.neighbors.map(neighborText).join("; "),
    ),
  ];
};

/** Names that a shard of the task and another task share: of a sample, which cannot prove that there are none. */
function collisions({ samples, neighbors, freeDatabase }: DestinationUse, subject: string) {
  if (samples === null || samples.onDestination === 0 || neighbors.every(({ leftAt }) => leftAt !== null))
    return [];
  const { sampled, onDestination, examples } = samples;
  const titles = { ok: "Key names apart", found: "Key names collide" };
  const other = freeDatabase === null ? "another one" : `database ${freeDatabase}, which is empty,`;
  return [
    checkOf("key-collisions", titles, subject).warning(
      `Of ${sampled} keys of this task's shards that were looked at, ${onDestination} are there already, beside another task. Where both write a key, the last write wins, and the shard's page counts it as a collision.`,
      `Pools that share key names need a database each: write to ${other} of the destination instead.`,
      examples
        .filter(({ kind }) => kind === "on-destination")
        .map(({ key }) => key)
        .join(", "),
    ),
  ];
}

/**
 * A task that has ended is none of these: it applies nothing more. One that is not connected applies nothing now; when
 * it is resumed, the checks find this task.
 */
function readTwice(
  { subject, facts }: ShardAnswers,
  databases: readonly DatabasePair[] | null,
  neighbors: readonly NeighborTask[],
) {
  if (facts === null) return [];
  // Before 4.0 the replication id is the run id.
  const ids = [facts.replid || facts.runId, facts.replid2].filter((id) => id);
  const readers = neighbors.filter(
    ({ leftAt, replids, sources }) =>
      leftAt === null && replids.some((id) => ids.includes(id)) && readsOf(databases, sources),
  );
  if (readers.length === 0) return [];
  const titles = { ok: "Read by one task", found: "Another task reads this shard, too" };
  const check = checkOf("shard-read-twice", titles, subject);
  const writing = readers.filter((one) => one.writing);
  const names = (writing.length > 0 ? writing : readers).map(neighborText).join("; ");
  if (writing.length > 0) return [check.error("SHARD_READ_TWICE", { role: subject, task: names })];
  return [
    check.warning(
      "Another task copies this shard into the same databases, and does not run now. While this one runs, it is not to be resumed: each INCR, APPEND or RPUSH of the shard would be applied twice.",
      "Delete the other task, or give this one other databases of the destination.",
      names,
    ),
  ];
}

/** Whether another task that reads the databases `sources` of a shard may read one that this task reads. */
function readsOf(databases: readonly DatabasePair[] | null, sources: readonly number[] | null): boolean {
  return databases === null || sources === null || databases.some(({ source }) => sources.includes(source));
}

/** e.g. "alpha on host-1 (a, b)". */
export function neighborText({ id, name, host, shards }: NeighborTask): string {
  const where = host === null ? "" : ` on ${host}`;
  return `${name ?? `task ${id}`}${where}${shards.length === 0 ? "" : ` (${shards.join(", ")})`}`;
}
