import { checkOf } from "./check-result.ts";
import type { DatabasePair } from "./precheck-input.ts";
import type { Check, CheckResult } from "./precheck-report.ts";
import type { ServerAnswers } from "./server-answers.ts";

/** Every database that holds keys is named, every one that is named exists, and no two of the source go to one of the destination. */
export const checkDatabases: Check = ({ shards, destination, databases, heartbeatDb }) => {
  const results: CheckResult[] = [];
  const mapped = checkOf(
    "databases-mapped",
    { ok: "Databases mapped once", found: "Databases mapped to one" },
    "task",
  );
  for (const [index, pair] of (databases ?? []).entries()) {
    const twin = (databases ?? [])
      .slice(0, index)
      .find((other) => other.destination === pair.destination && other.source !== pair.source);
    if (twin === undefined) continue;
    const details = { first: twin.source, second: pair.source, db: pair.destination };
    results.push(mapped.error("DATABASE_MAPPED_TWICE", details));
  }
  if (results.length === 0) {
    const all = "Every database goes to the one of its number.";
    results.push(mapped.ok(databases === null ? all : "Each database goes to one of its own."));
  }

  for (const server of [...shards, destination]) {
    const count = server.databaseCount;
    // A cluster as destination is refused as such.
    if (server.failure !== null || (server === destination && server.facts?.mode === "cluster")) continue;
    if (server !== destination && databases !== null) results.push(...leftOut(server, databases));
    const check = checkOf(
      "databases-present",
      { ok: "Databases exist", found: "A database is missing" },
      server.subject,
    );
    const needed = new Set<number>();
    for (const pair of databases ?? []) needed.add(server === destination ? pair.destination : pair.source);
    if (server !== destination) needed.add(heartbeatDb ?? 0);
    else if (databases === null) {
      for (const shard of shards) for (const { db } of shard.facts?.keyspace ?? []) needed.add(db);
    }
    const missing = count === null ? [] : [...needed].filter((db) => db >= count);
    const { role, address } = server;
    for (const db of missing) {
      results.push(
        check.error("DATABASE_MISSING", { role, address, db, count: count ?? 0 }, `${count} databases`),
      );
    }
    if (missing.length === 0) results.push(check.ok("The databases that are needed exist."));
  }
  return results;
};

/** Databases of a shard with keys that the task does not take. */
function leftOut({ subject, facts, ownKeys }: ServerAnswers, pairs: readonly DatabasePair[]): CheckResult[] {
  const left = (facts?.keyspace ?? [])
    .map(({ db, keys }) => ({ db, keys: keys - (ownKeys.get(db) ?? 0) }))
    .filter(({ db, keys }) => keys > 0 && !pairs.some((pair) => pair.source === db));
  if (left.length === 0) return [];
  const named = left.map(
    ({ db, keys }) => `database ${db} (${keys.toLocaleString("en-US")} ${keys === 1 ? "key" : "keys"})`,
  );
  const check = checkOf(
    "databases-left-out",
    { ok: "No database is left out", found: "Databases are left out" },
    subject,
  );
  const message = `The task leaves out ${named.join(", ")} of this shard.`;
  return [
    check.warning(message, "Name every database that is to be synchronized, or move on if this is meant."),
  ];
}
