import { TributaryError } from "../../errors/tributary-error.ts";
import { openClient } from "../../redis/client.ts";
import { formatAddress, type RedisEndpoint } from "../../redis/endpoint.ts";
import { checkpointKey } from "../../sync/checkpoint/own-keys.ts";
import type { TaskRecord } from "../tasks/task-record.ts";

/**
 * Looks whether a destination holds the checkpoints of a task, and with them what it has brought. Elsewhere the task
 * would go on into a server that nobody has checked or confirmed. It reads one key.
 * @throws TributaryError DESTINATION_IS_ANOTHER, and whatever stands against connecting.
 */
export async function holdsTask(task: TaskRecord, destination: RedisEndpoint): Promise<void> {
  const client = await openClient(destination, { role: "the destination", db: task.checkpointDb });
  try {
    if ((await client.exists(checkpointKey(task.id))) === 1) return;
  } finally {
    client.disconnect();
  }
  throw new TributaryError("DESTINATION_IS_ANOTHER", {
    task: task.name,
    address: formatAddress(destination),
  });
}
