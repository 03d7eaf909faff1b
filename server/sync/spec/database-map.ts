import { TributaryError } from "../../errors/tributary-error.ts";
import type { DatabaseMap } from "./shard-sync-spec.ts";

/** The destination's database for a source database; null where that database is not synchronized. */
export function destinationDb(map: DatabaseMap, source: number): number | null {
  if (map.kind === "all") return source;
  return map.pairs.find((pair) => pair.source === source)?.destination ?? null;
}

/** Whether anything is synchronized into this database of the destination. */
export function isDestinationDb(map: DatabaseMap, destination: number): boolean {
  return map.kind === "all" || map.pairs.some((pair) => pair.destination === destination);
}

/** The source databases that go into a database of the destination. */
export function sourceDbs(map: DatabaseMap, destination: number): number[] {
  if (map.kind === "all") return [destination];
  return map.pairs.filter((pair) => pair.destination === destination).map((pair) => pair.source);
}

/** What is known of the databases that the destination has. */
export type DestinationDatabases = {
  readonly address: string;
  /** Infinity where it is not known. */
  readonly count: number;
};

/**
 * To be asked before anything is written there: a SELECT that is refused leaves the database before it selected,
 * and what follows would be written to that one.
 * @throws TributaryError DATABASE_MISSING.
 */
export function requireDatabase(db: number, { address, count }: DestinationDatabases): void {
  if (db < count) return;
  throw new TributaryError("DATABASE_MISSING", { role: "the destination", address, db, count });
}
