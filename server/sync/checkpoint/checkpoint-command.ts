import { encodeCommand } from "../../redis/encode-command.ts";
import { type Checkpoint, formatCheckpoint } from "./checkpoint.ts";
import { checkpointKey } from "./own-keys.ts";

/**
 * The command that writes a shard's checkpoint. StreamApplier appends it to each transaction, so that data and
 * checkpoint become durable together. An initial sync has no transactions: DestinationSession.writeCheckpoint writes its
 * checkpoint once all keys are answered.
 */
export function checkpointCommand(taskId: string, shardId: string, checkpoint: Checkpoint): Buffer {
  return encodeCommand(["HSET", checkpointKey(taskId), shardId, formatCheckpoint(checkpoint)]);
}
