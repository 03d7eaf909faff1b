import type { Redis } from "ioredis";
import { TributaryError } from "../../errors/tributary-error.ts";
import { formatAddress } from "../../redis/endpoint.ts";
import type { DatabaseKeys } from "../../redis/server-info.ts";
import { checkpointKey, isOwnKey } from "../checkpoint/own-keys.ts";
import { commandSample } from "../commands/command-sample.ts";
import { isDestinationDb } from "../spec/database-map.ts";
import type { ShardSyncSpec } from "../spec/shard-sync-spec.ts";
import type { Neighbors } from "./neighbors.ts";

/** Field of the checkpoint hash: 1 where the synchronized databases were empty before the task's first key. */
export const WAS_EMPTY = "destination-was-empty";
/** Field of the checkpoint hash: 1 once another task has been met on the destination. */
const HAD_NEIGHBORS = "destination-had-neighbors";

/**
 * Whether the task found its databases empty on the destination, which makes all that lies there the task's
 * own. It is judged before any shard of the task writes: a shard writes only after this, and the first answer
 * stays. `control`'s selected database is `spec.checkpointDb` before and after.
 * @param before what this shard sync was told last; null at its first session. The answer may have gone with the
 * data of the destination, and what has been written since, before that was noticed, is the task's own.
 * @param neighbors what they have brought is vouched for by them.
 * @param noteFormer notes which keys lie there, before the task can have brought any.
 * @throws TributaryError DESTINATION_HOLDS_KEYS where a task that is to begin with an empty destination begins with
 * another.
 */
export async function destinationWasEmpty(
  control: Redis,
  spec: ShardSyncSpec,
  keyspace: readonly DatabaseKeys[],
  before: boolean | null,
  neighbors: Neighbors,
  noteFormer: () => Promise<void>,
): Promise<boolean> {
  const key = checkpointKey(spec.taskId);
  const known = await control.hget(key, WAS_EMPTY);
  if (known !== null) return known === "1";
  const found = before === true ? null : await anyKey(control, spec, keyspace);
  const begins = before === null && !spec.expectCheckpoint;
  if (found !== null && begins && spec.destinationKeys === "must-be-empty" && !neighbors.any) {
    const address = formatAddress(spec.destination);
    throw new TributaryError("DESTINATION_HOLDS_KEYS", { address, sample: commandSample([found], 1) });
  }
  if (found !== null && begins) await noteFormer();
  await control.hsetnx(key, WAS_EMPTY, found === null ? 1 : 0);
  return (await control.hget(key, WAS_EMPTY)) === "1";
}

/** Keeps that others have been there: what they brought stays when they have gone. @returns whether they ever were. */
export async function noteNeighbors(control: Redis, taskId: string, any: boolean): Promise<boolean> {
  if (any) await control.hsetnx(checkpointKey(taskId), HAD_NEIGHBORS, 1);
  return any || (await control.hexists(checkpointKey(taskId), HAD_NEIGHBORS)) === 1;
}

/** Removes what is kept for the task as a whole, once no shard has anything there any more. @returns whether that is so. */
export async function forgetTask(control: Redis, taskId: string): Promise<boolean> {
  const key = checkpointKey(taskId);
  const last = (await control.hkeys(key)).every((field) => field === WAS_EMPTY || field === HAD_NEIGHBORS);
  if (last) await control.del(key);
  return last;
}

/** A key that lies in the databases that are written to, Tributary's own left out; null where there is none. */
async function anyKey(
  control: Redis,
  spec: ShardSyncSpec,
  keyspace: readonly DatabaseKeys[],
): Promise<Buffer | null> {
  try {
    for (const { db } of keyspace) {
      if (!isDestinationDb(spec.databases, db)) continue;
      await control.select(db);
      let cursor = "0";
      do {
        const [next, keys] = await control.scanBuffer(cursor, "COUNT", 100);
        const found = keys.find((name) => !isOwnKey(name));
        if (found !== undefined) return found;
        cursor = next.toString();
      } while (cursor !== "0");
    }
    return null;
  } finally {
    await control.select(spec.checkpointDb);
  }
}
