import type { PlainReason } from "../../errors/tributary-error.ts";
import type { MergePolicy } from "../../merge/merge-policy.ts";
import type { Differs, ShardReport } from "../../sync/report/shard-report.ts";
import type {
  DatabaseMap,
  DestinationDataLostPolicy,
  DestinationKeysPolicy,
  FlushPolicy,
  PublishPolicy,
  ShrinkPolicy,
} from "../../sync/spec/shard-sync-spec.ts";
import type { SourceConfig } from "../plan/planned-source.ts";
import type { TaskRing } from "../plan/task-ring.ts";
import type { StoredAddresses, StoredEndpoint } from "../secrets/endpoint-secrets.ts";
import type { Actor } from "./actor.ts";

export type ShardRecord = StoredAddresses & {
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

/** Who let a task begin there, and what was known then; kept with the task. */
export type StartConfirmation = Actor & {
  readonly token: string;
  /** ms since the epoch. */
  readonly at: number;
  readonly destinationKeys: DestinationKeysPolicy;
  /** Keys that lay in the databases to be written; null where they were not counted yet. */
  readonly keys: number | null;
  /** Names of the tasks that wrote there, too. */
  readonly neighbors: readonly string[];
};

/** A report without its increments: what is remembered of it. */
export type ShardFacts = Omit<ShardReport, "refused" | "scripts" | "events">;

/** What the user wants of a task; the supervisor makes it so. `finished` is terminal. */
export type WantedState = "created" | "running" | "paused" | "finished";

/** What a user may ask of a task. */
export type TaskAction = "start" | "pause" | "resume" | "stop" | "delete" | "resync";

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
