import { checkOf, formatPlural } from "./check-result.ts";
import { areOne } from "./check-same-server.ts";
import type { Check } from "./precheck-report.ts";

/** The databases that will be written hold nothing yet, Tributary's own keys aside. */
export const checkDestinationEmpty: Check = ({ shards, destination, databases }) => {
  const { facts, ownKeys, subject } = destination;
  // A destination that is one of the shards is refused as such: to empty it would be to lose the data.
  if (facts === null || destination.failure !== null || shards.some((shard) => areOne(shard, destination)))
    return [];
  const check = checkOf(
    "destination-empty",
    { ok: "Destination is empty", found: "Destination is not empty" },
    subject,
  );
  const written = new Set<number>();
  for (const pair of databases ?? []) written.add(pair.destination);
  if (databases === null) {
    for (const shard of shards) for (const { db } of shard.facts?.keyspace ?? []) written.add(db);
  }
  const found: string[] = [];
  for (const { db, keys } of facts.keyspace) {
    const others = keys - (ownKeys.get(db) ?? 0);
    if (written.has(db) && others > 0) found.push(`db${db}: ${formatPlural(others, "key")}`);
  }
  if (found.length === 0) return [check.ok("The databases that will be written are empty.")];
  return [
    check.warning(
      "It holds keys already. Those of the same name as a shard's key are overwritten; the others stay beside the copy.",
      "Give other databases, or a destination that is empty, where they are needed. When the task has run before, this is as it should be.",
      found.join(", "),
    ),
  ];
};
