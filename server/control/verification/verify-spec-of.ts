import { join } from "node:path";
import type { VerifyRange, VerifySpec } from "../../verify/verify-spec.ts";
import { mergeSpecOf } from "../plan/task-ring.ts";
import { destinationPlace, openAddresses, openEndpoint } from "../secrets/endpoint-secrets.ts";
import type { SecretBox } from "../secrets/secret-box.ts";
import type { TaskRecord } from "../tasks/task-record.ts";

/** What a verification or a repair of the task goes by. @throws TributaryError SECRET_WRONG */
export function verifySpecOf(
  task: TaskRecord,
  { box, dataDirectory }: { readonly box: SecretBox; readonly dataDirectory: string },
): Omit<VerifySpec, "range" | "depth"> {
  return {
    taskId: task.id,
    shards: task.shards.map((one) => ({
      shardId: one.id,
      shardName: one.name,
      ...openAddresses(box, one, task.id),
    })),
    destination: openEndpoint(box, task.destination, destinationPlace(task.id)),
    databases: task.databases,
    merge: mergeSpecOf(task),
    checkpointDb: task.checkpointDb,
    directory: join(dataDirectory, "verify", task.id),
  };
}

/** Every key. */
export const wholeRange: VerifyRange = { sample: 100, prefix: null, shard: null };
