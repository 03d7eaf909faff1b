import type { Redis } from "ioredis";
import { doubtfulKeysKey, straysKey } from "../checkpoint/own-keys.ts";
import { doubtfulMember } from "../doubtful/doubtful-keys.ts";
import type { ShardSyncSpec } from "../spec/shard-sync-spec.ts";
import { strayMember } from "../strays/stray-registry.ts";
import { type NotedKey, takenKey } from "./noted-key.ts";

/**
 * To be done before other shards are asked what they hold: what one of them writes after that is noted by its own shard
 * sync, which must not find the note that is at hand, and about to be removed.
 * @param set of the doubtful keys.
 */
export async function takeStrays(
  destination: Redis,
  set: string,
  keys: readonly NotedKey[],
): Promise<NotedKey[]> {
  const strays = keys.filter(({ doubt }) => doubt === "stray");
  if (strays.length === 0) return [...keys];
  const taken = destination.multi();
  taken.srem(set, ...strays.map(({ member }) => member));
  taken.sadd(set, ...strays.map((one) => takenKey(one).member));
  for (const [error] of (await taken.exec()) ?? []) if (error !== null) throw error;
  return keys.map(takenKey);
}

/**
 * To be done after nobody held them. A shard that has written one of them since it was asked has registered it again
 * and noted it, which is still to be decided.
 * @param holders the indices of the other shards.
 */
export async function unregister(
  destination: Redis,
  { taskId, shardId }: ShardSyncSpec,
  holders: readonly number[],
  keys: readonly NotedKey[],
): Promise<void> {
  if (keys.length === 0) return;
  const strays = straysKey(taskId, shardId);
  await destination.watch(strays);
  const noted = await Promise.all(
    keys.map(({ target, key }) =>
      destination.sismember(doubtfulKeysKey(taskId, shardId), doubtfulMember("stray", target, key)),
    ),
  );
  const members = keys
    .filter((_, index) => noted[index] === 0)
    .flatMap(({ target, key }) => holders.map((holder) => strayMember(holder, target, key)));
  // Where another one is registered meanwhile, they stay: that costs a look at them now and then.
  if (members.length === 0) await destination.unwatch();
  else {
    await destination
      .multi()
      .zrem(strays, ...members)
      .exec();
  }
}
