import type { Redis } from "ioredis";
import { doubtfulKeysKey } from "../checkpoint/own-keys.ts";
import { doubtfulMember } from "../doubtful/doubtful-keys.ts";
import type { ShardSyncSpec } from "../spec/shard-sync-spec.ts";
import { shardIdsByIndex } from "./shard-places.ts";
import { registeredStrays } from "./stray-registry.ts";
import type { TaskMerge } from "./task-merge.ts";

/** Keys in one command. */
const MOST = 200;

/**
 * After an RDB: what has been decided about strays is decided anew where it may be otherwise now. That is for this
 * shard's own keys, which it may hold or not, and for the keys of others of which it was known to hold a copy.
 * @param client in the checkpoint's database.
 */
export async function noteStraysAgain(
  client: Redis,
  spec: ShardSyncSpec,
  { self }: TaskMerge,
): Promise<void> {
  const { taskId } = spec;
  for (const [owner, ownerId] of shardIdsByIndex(spec).entries()) {
    const noted: Buffer[] = [];
    const note = async () => {
      if (noted.length > 0) await client.sadd(doubtfulKeysKey(taskId, ownerId), ...noted.splice(0));
    };
    for await (const { holder, db, key } of registeredStrays(client, taskId, ownerId)) {
      if (owner !== self && holder !== self) continue;
      noted.push(doubtfulMember("stray", db, key));
      if (noted.length >= MOST) await note();
    }
    await note();
  }
}
