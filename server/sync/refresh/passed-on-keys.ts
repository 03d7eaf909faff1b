import type { Redis } from "ioredis";
import { doubtfulKeysKey, straysKey } from "../checkpoint/own-keys.ts";
import { type Doubt, doubtfulMember } from "../doubtful/doubtful-keys.ts";
import type { ShardSyncSpec } from "../spec/shard-sync-spec.ts";
import { shardIdsByIndex } from "../strays/shard-places.ts";
import { strayMember } from "../strays/stray-registry.ts";
import type { NotedKey } from "./noted-key.ts";
import type { RefresherExpiry } from "./refresher-expiry.ts";

/** Gives what another shard's sync has to decide to that one. @param drawn the members of this shard's set. */
export async function passOn(
  destination: Redis,
  drawn: readonly Buffer[],
  noted: readonly (NotedKey | null)[],
  spec: ShardSyncSpec,
  expiry: RefresherExpiry,
): Promise<void> {
  const { ownership, self } = expiry.merge;
  const { taskId, shardId } = spec;
  const shardIds = shardIdsByIndex(spec);
  const transaction = destination.multi();
  for (const [index, one] of noted.entries()) {
    const owner = one === null ? null : (ownership?.ownerOf(one.key) ?? self);
    if (one !== null && owner === self) continue;
    if (one !== null && owner !== null && ownership?.ownerOnly === false && one.doubt !== "restore") {
      // This shard may hold a stray of it. Who says that a key is gone says it to all, and knows of no stray.
      const stray = strayMember(self, one.target, one.key);
      transaction.call("ZADD", straysKey(taskId, shardIds[owner]!), expiry.now(), stray);
    }
    if (one !== null && owner !== null) {
      const members = passedOn(one.doubt, ownership?.ownerOnly === false).map((doubt) =>
        doubtfulMember(doubt, one.target, one.key),
      );
      if (members.length > 0) transaction.sadd(doubtfulKeysKey(taskId, shardIds[owner]!), ...members);
    }
    transaction.srem(doubtfulKeysKey(taskId, shardId), drawn[index]!);
  }
  await transaction.exec();
}

function passedOn(doubt: Doubt, strays: boolean): Doubt[] {
  // By a script of this shard that has made up its name: what it has made of the owner's key is not known.
  if (doubt === "merge") return strays ? ["restore", "stray"] : ["restore"];
  if (!strays) return [];
  return [doubt === "restore" ? "restore" : "stray"];
}
