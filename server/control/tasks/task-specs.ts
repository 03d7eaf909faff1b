import { join } from "node:path";
import type { PrecheckInput } from "../../precheck/precheck-input.ts";
import type { ShardSyncSpec } from "../../sync/spec/shard-sync-spec.ts";
import type { PlannedShard } from "../plan/planned-source.ts";
import { nutcrackerQuestions } from "../plan/precheck-questions.ts";
import type { TaskPlan } from "../plan/task-plan.ts";
import { mergeSpecOf } from "../plan/task-ring.ts";
import {
  destinationPlace,
  openAddresses,
  openEndpoint,
  sealAddresses,
  sealEndpoint,
  sourceTextPlace,
} from "../secrets/endpoint-secrets.ts";
import type { SecretBox } from "../secrets/secret-box.ts";
import type { ShardRecord, StartConfirmation, TaskRecord } from "./task-record.ts";

/** The record of a new task, its passwords sealed. */
export function recordOf(
  plan: TaskPlan,
  task: {
    readonly id: string;
    readonly name: string;
    readonly now: number;
    readonly confirmed?: StartConfirmation | null;
    /** The nutcracker.yml that it is made from. */
    readonly text?: string | null;
  },
  box: SecretBox,
): TaskRecord {
  const { shards, destination, ...rest } = plan;
  return {
    ...rest,
    id: task.id,
    name: task.name,
    wanted: "created",
    prechecked: false,
    cuttingOver: false,
    confirmed: task.confirmed ?? null,
    sourceText: task.text == null ? null : box.seal(task.text, sourceTextPlace(task.id)),
    failure: null,
    since: task.now,
    createdAt: task.now,
    destination: sealEndpoint(box, destination, destinationPlace(task.id)),
    shards: shards.map((shard) => shardRecordOf(shard, task.id, box)),
  };
}

/** The record of a new shard, its passwords sealed. */
export function shardRecordOf(
  { endpoint, ...shard }: PlannedShard,
  taskId: string,
  box: SecretBox,
): ShardRecord {
  const sealed = sealAddresses(box, { ...shard, source: endpoint }, taskId, shard.id);
  return { ...shard, acknowledged: null, ...sealed };
}

/** A shard, and what has been known of it before. */
type KnownShard = {
  readonly record: ShardRecord;
  readonly hasCheckpoint: boolean;
  readonly initialSyncs: number;
};

/**
 * What a worker is told to run; with passwords, so it goes to the worker and nowhere else.
 * @throws TributaryError SECRET_WRONG
 */
export function specOf(
  task: TaskRecord,
  known: KnownShard,
  options: {
    readonly box: SecretBox;
    readonly dataDirectory: string;
    readonly spoolQuotaBytes: number;
  },
): ShardSyncSpec {
  const { box } = options;
  const { record: shard } = known;
  const openShard = (one: ShardRecord) => ({
    shardId: one.id,
    shardName: one.name,
    ...openAddresses(box, one, task.id),
    spoolDirectory: join(spoolOf(options.dataDirectory, task.id), one.id),
  });
  return {
    taskId: task.id,
    taskName: task.name,
    ...openShard(shard),
    shardIndex: task.shards.findIndex((one) => one.id === shard.id),
    siblings: task.shards.filter((one) => one.id !== shard.id).map(openShard),
    destination: openEndpoint(box, task.destination, destinationPlace(task.id)),
    databases: task.databases,
    merge: mergeSpecOf(task),
    checkpointDb: task.checkpointDb,
    heartbeatDb: task.heartbeatDb,
    publish: task.publish,
    onDestinationDataLost: task.onDestinationDataLost,
    shrink: task.shrink,
    destinationKeys: task.destinationKeys,
    onFlush: task.onFlush,
    expectCheckpoint: known.hasCheckpoint,
    initialSyncsBefore: known.initialSyncs,
    spoolQuotaBytes: options.spoolQuotaBytes,
  };
}

/** The folder below which all shard syncs of a task spool. */
export function spoolOf(dataDirectory: string, taskId: string): string {
  return join(dataDirectory, "spool", taskId);
}

/**
 * @param began it has written to its destination before.
 * @throws TributaryError SECRET_WRONG
 */
export function precheckInputOf(task: TaskRecord, box: SecretBox, began = false): PrecheckInput {
  return {
    shards: task.shards.map((shard) => {
      const { source, ...further } = openAddresses(box, shard, task.id);
      return { id: shard.id, name: shard.name, endpoint: source, ...further };
    }),
    destination: openEndpoint(box, task.destination, destinationPlace(task.id)),
    databases: task.databases.kind === "all" ? null : task.databases.pairs,
    heartbeatDb: task.heartbeatDb,
    ...nutcrackerQuestions(task.source, task.mergePolicy),
    merge: {
      taskId: task.id,
      began,
      destinationKeys: task.destinationKeys,
      ring: task.ring,
      readsOnce: false,
    },
  };
}
