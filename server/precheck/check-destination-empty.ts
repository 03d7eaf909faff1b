import { checkOf } from "./check-result.ts";
import type { Check } from "./precheck-report.ts";

/** The databases that will be written hold nothing yet, Tributary's own keys aside. */
export const checkDestinationEmpty: Check = ({ shards, destination, databases }) => {
  const { facts, ownKeys, subject } = destination;
  if (facts === null || destination.failure !== null) return [];
  const check = checkOf("destination-empty", "Destination empty", subject);
  const written = new Set<number>();
  for (const pair of databases ?? []) written.add(pair.destination);
  if (databases === null) {
    for (const shard of shards) for (const { db } of shard.facts?.keyspace ?? []) written.add(db);
  }
  const found: string[] = [];
  for (const { db, keys } of facts.keyspace) {
    const others = keys - (ownKeys.get(db) ?? 0);
    if (written.has(db) && others > 0) found.push(`db${db}: ${others} keys`);
  }
  if (found.length === 0) return [check.ok("The databases that will be written are empty.")];
  return [
    check.warning(
      "It holds keys already. Those of the same name as a shard's key are overwritten; the others stay beside the copy.",
      "Flush these databases first if nothing in them is needed. After a restart of the task this is as it should be.",
      found.join(", "),
    ),
  ];
};
