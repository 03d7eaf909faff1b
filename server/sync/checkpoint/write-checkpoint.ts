import { encodeCommand } from "../../redis/encode-command.ts";
import { type Checkpoint, formatCheckpoint } from "./checkpoint.ts";
import { checkpointKey } from "./own-keys.ts";

/**
 * The command that writes a shard's checkpoint: the last one of each transaction of its stream, so that data and
 * checkpoint become durable together. After an initial sync, which has no transactions, DestinationSession.writeCheckpoint
 * writes it once all keys are answered.
 */
export function writeCheckpoint(taskId: string, shardId: string, checkpoint: Checkpoint): Buffer {
  return encodeCommand(["HSET", checkpointKey(taskId), shardId, formatCheckpoint(checkpoint)]);
}
