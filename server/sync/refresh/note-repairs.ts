import { checkpointKey, doubtfulKeysKey } from "../checkpoint/own-keys.ts";
import { doubtfulMember } from "../doubtful/doubtful-keys.ts";

/** A key of a shard, by its database on the source. */
export type KeyToNote = { readonly db: number; readonly key: Uint8Array };

/** After a cutover nothing of ours may lie there: a note is made only where the shard has its checkpoint. */
const SCRIPT = `
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
for at = 2, #ARGV do redis.call('SADD', KEYS[2], ARGV[at]) end
return 1`;

/**
 * The command that notes keys of a shard to be repaired. Whoever applies the shard's stream copies them again, in the
 * order of that stream, and takes them off the set in the same transaction: so a note outlives every process until it
 * is carried out. It is to be sent in the database of the checkpoints. Its answer is 0 where the shard has no checkpoint.
 * @param keys some hundred at most: the script blocks the destination meanwhile.
 */
export function noteRepairs(
  taskId: string,
  shardId: string,
  keys: readonly KeyToNote[],
): (string | Uint8Array)[] {
  const members = keys.map((one) => repairMember(one));
  return ["EVAL", SCRIPT, "2", checkpointKey(taskId), doubtfulKeysKey(taskId, shardId), shardId, ...members];
}

/** As it lies in the set of doubtful keys. */
export function repairMember({ db, key }: KeyToNote): Buffer {
  return doubtfulMember("repair", db, key);
}
