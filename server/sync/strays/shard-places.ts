import type { ShardSyncSpec, SiblingShard } from "../spec/shard-sync-spec.ts";

/** The task's shards by their index; null in the place of this one. Siblings stand in that order. */
export function siblingsByIndex(
  spec: Pick<ShardSyncSpec, "siblings" | "shardIndex">,
): (SiblingShard | null)[] {
  return [...spec.siblings.slice(0, spec.shardIndex), null, ...spec.siblings.slice(spec.shardIndex)];
}

/** The ids of the task's shards by their index. */
export function shardIdsByIndex(spec: Pick<ShardSyncSpec, "siblings" | "shardIndex" | "shardId">): string[] {
  return siblingsByIndex(spec).map((sibling) => sibling?.shardId ?? spec.shardId);
}

/** As messages call them. */
export function shardNamesByIndex(
  spec: Pick<ShardSyncSpec, "siblings" | "shardIndex" | "shardName">,
): string[] {
  return siblingsByIndex(spec).map((sibling) => sibling?.shardName ?? spec.shardName);
}
