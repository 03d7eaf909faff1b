import type { DatabaseMap } from "./shard-sync-spec.ts";

/** The destination's database for a source database; null where that database is not synchronised. */
export function destinationDb(map: DatabaseMap, source: number): number | null {
  if (map.kind === "all") return source;
  return map.pairs.find((pair) => pair.source === source)?.destination ?? null;
}
