import type { CommandScanner } from "../../redis/command-scanner.ts";
import { knownKeys } from "../commands/known-keys.ts";
import { otherDb } from "../commands/other-database.ts";
import type { HeldBackExpiries } from "../expiry/held-back-expiries.ts";
import type { CommandFilter } from "../filter/command-filter.ts";
import { destinationDb } from "../spec/database-map.ts";
import type { DatabaseMap } from "../spec/shard-sync-spec.ts";

/** The command at hand gives a key's expiry to another key: whether that only looks held back goes with it. */
export function carryTrueExpiry(
  bytes: Uint8Array,
  { name, db, target }: CommandFilter,
  heldBack: HeldBackExpiries,
  scanner: CommandScanner,
  databases: DatabaseMap,
): void {
  const [from, to = from] = knownKeys(name.name, bytes, scanner);
  const there = destinationDb(databases, otherDb(name, bytes, scanner) ?? db);
  if (from === undefined || to === undefined || target === null || there === null) return;
  heldBack.trueOnes.carried({ db: target, key: from }, { db: there, key: to });
}
