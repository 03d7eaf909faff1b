import { checkOf, sentence } from "./check-result.ts";
import type { Check, CheckResult } from "./precheck-report.ts";
import type { ServerAnswers } from "./server-answers.ts";

/**
 * No server takes part twice: not as two shards, under two addresses or as a master and its replica, and not
 * as a shard and the destination. Servers are told apart by run_id, and by address where INFO is forbidden.
 */
export const checkSameServer: Check = ({ shards, destination, merge }) => {
  const results: CheckResult[] = [];
  const duplicates = checkOf(
    "shards-distinct",
    { ok: "Shards are distinct", found: "Shards are not distinct" },
    "task",
  );
  const loops = checkOf(
    "destination-apart",
    { ok: "Destination is no shard", found: "Destination is a shard" },
    "destination",
  );
  for (const [index, shard] of shards.entries()) {
    for (const other of shards.slice(0, index)) {
      if (merge.readsOnce && sameServer(shard, other)) {
        results.push(
          duplicates.ok(
            `${other.shard.name} and ${shard.shard.name} are names of one server: it is read once, as one shard.`,
          ),
        );
      } else if (sameServer(shard, other)) {
        const details = { first: other.role, second: shard.role, runId: shard.facts?.runId ?? "unknown" };
        results.push(duplicates.error("SHARD_DUPLICATE", details));
      } else if (sameHistory(shard, other)) {
        results.push({
          ...duplicates.error("SHARD_DUPLICATE", {}),
          message: sentence(`${other.role} and ${shard.role} are a master and its replica.`),
        });
      }
    }
    if (sameServer(shard, destination)) {
      const runId = shard.facts?.runId ?? "unknown";
      results.push(
        loops.error("DESTINATION_IS_SHARD", { address: destination.address, role: shard.role, runId }),
      );
    } else if (sameHistory(shard, destination)) {
      results.push({
        ...loops.error("DESTINATION_IS_SHARD", {}),
        message: `The destination at ${destination.address} and ${shard.role} are a master and its replica.`,
      });
    }
  }
  if (shards.length > 1 && !results.some((result) => result.id === "shards-distinct")) {
    results.push(duplicates.ok(`The ${shards.length} shards are different servers.`));
  }
  if (!results.some((result) => result.id === "destination-apart")) {
    results.push(loops.ok("The destination is none of the shards."));
  }
  return results;
};

/** Whether what is written to one is written to the other: one server, or a master and its replica. */
export function areOne(a: ServerAnswers, b: ServerAnswers): boolean {
  return sameServer(a, b) || sameHistory(a, b);
}

function sameServer(a: ServerAnswers, b: ServerAnswers): boolean {
  if (a.facts?.runId && b.facts?.runId) return a.facts.runId === b.facts.runId;
  return a.address === b.address;
}

/** A master and its replicas have one replication id (from 4.0 on); before, only the replica tells of its master. */
function sameHistory(a: ServerAnswers, b: ServerAnswers): boolean {
  if (a.facts?.replid && a.facts.replid === b.facts?.replid) return true;
  return a.facts?.masterAddress === b.address || b.facts?.masterAddress === a.address;
}
