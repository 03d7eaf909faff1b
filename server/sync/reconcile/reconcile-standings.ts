import type { Redis } from "ioredis";
import { TributaryError } from "../../errors/tributary-error.ts";
import { formatAddress } from "../../redis/endpoint.ts";
import { readStanding, type Standing } from "../destination/standing.ts";
import { checkpointKey } from "../own-keys.ts";
import type { ShardSyncSpec } from "../shard-sync-spec.ts";

/** What the task's checkpoint hash says of every sibling at one moment. */
export type Standings = { readonly texts: string; readonly of: ReadonlyMap<string, Standing> };

/**
 * Reads the siblings' standings.
 * @param hash a client with the checkpoint's database selected
 * @throws TributaryError FENCED when another engine has taken this shard's epoch, DESTINATION_DATA_LOST when the
 * hash has gone: then nothing is known of anybody.
 */
export async function readStandings(hash: Redis, spec: ShardSyncSpec, epoch: number): Promise<Standings> {
  const ids = spec.siblings.map((sibling) => sibling.shardId);
  const fields = [`${spec.shardId}:epoch`, spec.shardId, ...ids];
  const [held, own, ...texts] = await hash.hmget(checkpointKey(spec.taskId), ...fields);
  const role = `shard ${spec.shardName}`;
  if (own == null) {
    throw new TributaryError("DESTINATION_DATA_LOST", { address: formatAddress(spec.destination), role });
  }
  if (held != null && Number(held) !== epoch) throw new TributaryError("FENCED", { role });
  const of = new Map(ids.map((id, index) => [id, readStanding(texts[index] ?? null)] as const));
  return { texts: texts.join(" "), of };
}
