import type { DatabaseMap } from "./shard-sync-spec.ts";

/** The destination's database for a source database; null where that database is not synchronised. */
export function destinationDb(map: DatabaseMap, source: number): number | null {
  if (map.kind === "all") return source;
  return map.pairs.find((pair) => pair.source === source)?.destination ?? null;
}

/** Whether anything is synchronised into this database of the destination. */
export function isDestinationDb(map: DatabaseMap, destination: number): boolean {
  return map.kind === "all" || map.pairs.some((pair) => pair.destination === destination);
}

/** The source databases that go into a database of the destination. */
export function sourceDbs(map: DatabaseMap, destination: number): number[] {
  if (map.kind === "all") return [destination];
  return map.pairs.filter((pair) => pair.destination === destination).map((pair) => pair.source);
}
