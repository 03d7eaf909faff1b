import type { PlainReason } from "../../errors/tributary-error.ts";
import type { MergePolicy } from "../../merge/merge-policy.ts";
import type { RedisEndpoint } from "../../redis/endpoint.ts";
import type { Differs, ShardReport } from "../../sync/report/shard-report.ts";
import type {
  DatabaseMap,
  DestinationDataLostPolicy,
  DestinationKeysPolicy,
  FlushPolicy,
  PublishPolicy,
  ShrinkPolicy,
} from "../../sync/spec/shard-sync-spec.ts";
import type { StartConfirmation } from "../checks/start-confirmation.ts";
import type { SourceConfig } from "../plan/task-plan.ts";
import type { TaskRing } from "../plan/task-ring.ts";
import type { WantedState } from "../views/task-view.ts";
import type { Actor } from "./actor.ts";

/** An endpoint as it is stored: its password is sealed. */
export type StoredEndpoint = {
  readonly endpoint: Omit<RedisEndpoint, "password">;
  readonly secret: string | null;
};

/** Sentinels as they are stored. */
export type StoredSentinel = {
  readonly masterName: string;
  readonly sentinels: readonly StoredEndpoint[];
};

export type ShardRecord = StoredEndpoint & {
  readonly alternatives: readonly StoredEndpoint[];
  readonly sentinel: StoredSentinel | null;
  readonly id: string;
  readonly name: string;
  readonly weight: number;
  /** What somebody took note of last. */
  readonly acknowledged: Acknowledgement | null;
};

/** Somebody has taken note that the destination differs from a shard. */
export type Acknowledgement = Actor & {
  /** ms since the epoch. */
  readonly at: number;
  readonly reason: string;
  readonly differs: Differs;
};

/** A report without its increments: what is remembered of it. */
export type ShardFacts = Omit<ShardReport, "refused" | "scripts" | "events">;

/** A task as the database holds it. */
export type TaskRecord = {
  readonly id: string;
  readonly name: string;
  readonly wanted: WantedState;
  readonly prechecked: boolean;
  /** From the request of a cutover to its end. */
  readonly cuttingOver: boolean;
  readonly failure: PlainReason | null;
  readonly since: number;
  readonly createdAt: number;
  readonly source: SourceConfig;
  /** The nutcracker.yml that it was made from, sealed; null where there was none, or it is not known any more. */
  readonly sourceText: string | null;
  readonly destination: StoredEndpoint;
  readonly databases: DatabaseMap;
  readonly mergePolicy: MergePolicy;
  readonly ring: TaskRing | null;
  readonly destinationKeys: DestinationKeysPolicy;
  readonly shrink: ShrinkPolicy;
  readonly onFlush: FlushPolicy;
  /** Who let the task begin in a destination that was in use; null where it was not. */
  readonly confirmed: StartConfirmation | null;
  readonly checkpointDb: number;
  readonly heartbeatDb: number | null;
  readonly publish: PublishPolicy;
  readonly onDestinationDataLost: DestinationDataLostPolicy;
  /** In the order in which they are shown. */
  readonly shards: readonly ShardRecord[];
};

/** What changes in a task's life. */
export type TaskChange = Partial<
  Pick<
    TaskRecord,
    | "name"
    | "wanted"
    | "prechecked"
    | "cuttingOver"
    | "failure"
    | "since"
    | "mergePolicy"
    | "destinationKeys"
    | "shrink"
    | "onFlush"
    | "confirmed"
  >
>;
