import { doubtfulKeysKey, leftOutKeysKey } from "../sync/checkpoint/own-keys.ts";
import { DOUBTS, doubtfulMember } from "../sync/doubtful/doubtful-keys.ts";
import { leftOutMember } from "../sync/doubtful/left-out-keys.ts";
import type { Side } from "./look.ts";
import type { VerifySpec } from "./verify-spec.ts";

export type DoubtedKey = { readonly db: number; readonly sourceDb: number; readonly key: Buffer };

/**
 * Whether a shard sync of the task has noted that it will copy the key again. The database of a note is the source's
 * or the destination's, by its kind.
 */
export async function isDoubtful(
  { spec, destination }: { readonly spec: VerifySpec; readonly destination: Side },
  { db, sourceDb, key }: DoubtedKey,
): Promise<boolean> {
  const members = DOUBTS.flatMap((doubt) =>
    [...new Set([db, sourceDb])].map((one) => doubtfulMember(doubt, one, key)),
  );
  const replies = await destination.connection.ask(spec.checkpointDb, (batch) => {
    for (const { shardId } of spec.shards)
      for (const member of members) batch.command("SISMEMBER", doubtfulKeysKey(spec.taskId, shardId), member);
  });
  return replies.includes(1);
}

/** Whether a shard sync of the task has noted that the destination does not take the key's value. */
export async function isLeftOut(
  { spec, destination }: { readonly spec: VerifySpec; readonly destination: Side },
  { sourceDb, key }: DoubtedKey,
): Promise<boolean> {
  const replies = await destination.connection.ask(spec.checkpointDb, (batch) => {
    for (const { shardId } of spec.shards)
      batch.command("SISMEMBER", leftOutKeysKey(spec.taskId, shardId), leftOutMember(sourceDb, key));
  });
  return replies.includes(1);
}
