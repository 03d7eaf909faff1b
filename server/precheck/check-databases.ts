import { checkOf } from "./check-result.ts";
import type { DatabasePair } from "./precheck-input.ts";
import type { Check, CheckResult, Precheck } from "./precheck-report.ts";
import type { ServerAnswers } from "./server-answers.ts";

/** Every database that has keys is named, every one that is named exists, and no two of the source go to one of the destination. */
export const checkDatabases: Check = (input) => {
  const { shards, destination, databases } = input;
  return [
    ...mappedOnce(databases),
    // A shard or destination that could not be asked is refused as such, and so is a cluster as destination.
    ...shards
      .filter(({ failure }) => failure === null)
      .flatMap((shard) => [...leftOut(shard, databases), ...missing(shard, neededOfShard(input))]),
    ...(destination.failure !== null || destination.facts?.mode === "cluster"
      ? []
      : missing(destination, neededOfDestination(input))),
  ];
};

function mappedOnce(databases: readonly DatabasePair[] | null): CheckResult[] {
  const check = checkOf(
    "databases-mapped",
    { ok: "Databases mapped once", found: "Databases mapped to one" },
    "task",
  );
  if (databases === null) return [check.ok("Every database goes to the one of its number.")];
  const doubled = databases.flatMap((pair, index) => {
    const twin = databases
      .slice(0, index)
      .find(({ source, destination }) => destination === pair.destination && source !== pair.source);
    return twin === undefined ? [] : [{ first: twin.source, second: pair.source, db: pair.destination }];
  });
  if (doubled.length === 0) return [check.ok("Each database goes to one of its own.")];
  return doubled.map((details) => check.error("DATABASE_MAPPED_TWICE", details));
}

function neededOfShard({ databases, heartbeatDb }: Precheck): Set<number> {
  return new Set([...(databases ?? []).map(({ source }) => source), heartbeatDb ?? 0]);
}

function neededOfDestination({ databases, shards }: Precheck): Set<number> {
  const held = shards.flatMap(({ facts }) => facts?.keyspace.map(({ db }) => db) ?? []);
  return new Set(databases?.map(({ destination }) => destination) ?? held);
}

function missing(
  { role, address, subject, databaseCount: count }: ServerAnswers,
  needed: ReadonlySet<number>,
) {
  const check = checkOf(
    "databases-present",
    { ok: "Databases exist", found: "A database is missing" },
    subject,
  );
  const absent = count === null ? [] : [...needed].filter((db) => db >= count);
  if (absent.length === 0) return [check.ok("The databases that are needed exist.")];
  return absent.map((db) =>
    check.error("DATABASE_MISSING", { role, address, db, count: count ?? 0 }, `${count} databases`),
  );
}

/** Databases of a shard with keys that the task does not take. */
function leftOut(
  { subject, facts, ownKeys }: ServerAnswers,
  pairs: readonly DatabasePair[] | null,
): CheckResult[] {
  if (pairs === null) return [];
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
