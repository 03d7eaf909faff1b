import type { Redis } from "ioredis";
import type { DatabaseKeys } from "../../redis/server-info.ts";
import { isDestinationDb } from "../database-map.ts";
import { checkpointKey, OWN_PREFIX } from "../own-keys.ts";
import type { ShardSyncSpec } from "../shard-sync-spec.ts";

/** Field of the checkpoint hash: 1 where the synchronised databases were empty before the task's first key. */
export const WAS_EMPTY = "destination-was-empty";

/**
 * Whether the task found its databases empty on the destination, which makes all that lies there the task's
 * own. It is judged before any shard of the task writes: a shard writes only after this, and the first answer
 * stays. `control`'s selected database is `spec.checkpointDb` before and after.
 * @param before what this shard sync was told last; null at its first session. The answer may have gone with the
 * data of the destination, and what has been written since, before that was noticed, is the task's own.
 */
export async function destinationWasEmpty(
  control: Redis,
  spec: ShardSyncSpec,
  keyspace: readonly DatabaseKeys[],
  before: boolean | null,
): Promise<boolean> {
  const key = checkpointKey(spec.taskId);
  const known = await control.hget(key, WAS_EMPTY);
  if (known !== null) return known === "1";
  const empty = before === true || (await isEmpty(control, spec, keyspace));
  await control.hsetnx(key, WAS_EMPTY, empty ? 1 : 0);
  return (await control.hget(key, WAS_EMPTY)) === "1";
}

/** Removes the field, and the hash with it, when no shard has anything there any more. */
export async function forgetWasEmpty(control: Redis, taskId: string): Promise<void> {
  const key = checkpointKey(taskId);
  if ((await control.hkeys(key)).every((field) => field === WAS_EMPTY)) await control.del(key);
}

async function isEmpty(
  control: Redis,
  spec: ShardSyncSpec,
  keyspace: readonly DatabaseKeys[],
): Promise<boolean> {
  try {
    for (const { db } of keyspace) {
      if (!isDestinationDb(spec.databases, db)) continue;
      await control.select(db);
      let cursor = "0";
      do {
        const [next, keys] = await control.scan(cursor, "COUNT", 100);
        if (keys.some((name) => !name.startsWith(OWN_PREFIX))) return false;
        cursor = next;
      } while (cursor !== "0");
    }
    return true;
  } finally {
    await control.select(spec.checkpointDb);
  }
}
