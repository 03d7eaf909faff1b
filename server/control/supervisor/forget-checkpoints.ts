import { openClient } from "../../redis/client.ts";
import { taskKeys } from "../../sync/checkpoint/own-keys.ts";
import { leaveNeighbors } from "../../sync/destination/neighbors.ts";
import { destinationPlace, openEndpoint } from "../secrets/endpoint-secrets.ts";
import type { SecretBox } from "../secrets/secret-box.ts";
import type { TaskRecord } from "../tasks/task-record.ts";

/**
 * Removes what Tributary keeps for a deleted task on its destination: checkpoints, doubtful keys, scripts. What it has
 * brought stays, and other tasks there go on knowing that. A finished task has none any more, and one that never ran
 * has none yet: their destinations are not called.
 * @throws TributaryError when the destination cannot be reached
 */
export async function forgetCheckpoints(task: TaskRecord, box: SecretBox): Promise<void> {
  if (task.wanted === "created" || task.wanted === "finished") return;
  const destination = openEndpoint(box, task.destination, destinationPlace(task.id));
  const client = await openClient(destination, { role: "the destination", db: task.checkpointDb });
  try {
    const shardIds = task.shards.map(({ id }) => id);
    await client.del(...taskKeys(task.id, shardIds));
    await leaveNeighbors(client, task.id, task.checkpointDb, Date.now());
  } finally {
    client.disconnect();
  }
}
