import type { PlainReason } from "../../errors/tributary-error.ts";
import type { MergePolicy } from "../../merge/merge-policy.ts";
import type {
  EventLevel,
  KeyCount,
  Lag,
  RefusedCommand,
  ScriptRuns,
  ShardReport,
  ShardStatus,
} from "../../sync/report/shard-report.ts";
import type {
  DatabaseMap,
  DestinationDataLostPolicy,
  DestinationKeysPolicy,
  FlushPolicy,
  PublishPolicy,
  ShrinkPolicy,
} from "../../sync/spec/shard-sync-spec.ts";
import type { Verdict } from "../../verify/verdict.ts";
import type { CutoverStep } from "../tasks/cutover-state.ts";
import type { Acknowledgement, StartConfirmation, TaskAction, WantedState } from "../tasks/task-record.ts";

export { type ShardStatus, shardStatuses } from "../../sync/report/shard-report.ts";

export type EventView = {
  /** Of the last time that it happened: a later event has a higher one. */
  readonly id: number;
  /** ms since the epoch; the last time. */
  readonly at: number;
  /** How often it has happened since `firstAt`. */
  readonly count: number;
  readonly firstAt: number;
  /** false for an alert that nobody has marked as seen. */
  readonly seen: boolean;
  readonly level: EventLevel;
  readonly type: string;
  readonly message: string;
  /** null for an event of the whole task. */
  readonly shardId: string | null;
};

/** What the newest verification with a verdict says of a task. */
export type LastVerdict = {
  /** Of the run. */
  readonly id: number;
  readonly outcome: Verdict["outcome"];
  readonly sentence: string;
  /** ms since the epoch. */
  readonly finishedAt: number;
  readonly compared: number;
  readonly differences: number;
  /** What it looked at, where that was not every value of every key: 'shard alpha-1', 'numbers of keys only'. */
  readonly part: string | null;
  /** Why it no longer says what the destination holds; null while it does. */
  readonly stale: string | null;
};

/** One row of the task list. */
export type TaskRow = {
  readonly id: string;
  readonly name: string;
  readonly wanted: WantedState;
  /** That of its worst shard. */
  readonly status: ShardStatus;
  readonly reason: PlainReason | null;
  readonly since: number;
  readonly createdAt: number;
  /** e.g. 'alpha (nutcracker.yml)' or '2 shards'. */
  readonly sourceLabel: string;
  /** host:port/db, never a password. */
  readonly destinationLabel: string;
  readonly shardsTotal: number;
  readonly shardsSynchronizing: number;
  /** The worst of its shards; each null is 'unknown'. */
  readonly lag: Lag;
  /** Worst lag in seconds, one value every 10 s over the last 10 minutes, oldest first; null where unknown. */
  readonly lagSparkline: readonly (number | null)[];
  readonly commandsPerSecond: number | null;
  readonly lastEvent: EventView | null;
  /** Its shards were given by hand: while it is paused, others may be added. */
  readonly takesShards: boolean;
  /** How many alerts nobody has marked as seen. */
  readonly unseenAlerts: number;
  /** Names of shards from which the destination is known to differ. */
  readonly differing: readonly string[];
  /** Of the newest verification that came to one; null before. */
  readonly verdict: LastVerdict | null;
  /** What can be done now. */
  readonly actions: readonly TaskAction[];
  /** Where its cutover is; null where none is under way. */
  readonly cutover: CutoverStep | null;
};

/** Live numbers of a shard: its latest report and the rates that two reports give. */
export type ShardSummary = {
  readonly id: string;
  readonly name: string;
  /** host:port: of several, the one that is read from. */
  readonly address: string;
  /** Where its master is looked for besides, e.g. '10.0.0.21:6379' or 'Sentinel mymaster at 10.0.0.9:26379'. */
  readonly otherAddresses: readonly string[];
  readonly weight: number;
  /** Its names on the ring, where it has more than one. */
  readonly names: readonly string[];
  /** Who took note last that the destination differs. */
  readonly acknowledged: Acknowledgement | null;
  /** The latest report without its increments; null before the first one. */
  readonly report: Omit<ShardReport, "refused" | "scripts" | "events"> | null;
  readonly status: ShardStatus;
  readonly reason: PlainReason | null;
  readonly since: number;
  readonly rates: {
    readonly commandsPerSecond: number | null;
    readonly bytesPerSecond: number | null;
    readonly rdbBytesPerSecond: number | null;
    readonly keysPerSecond: number | null;
    /** Seconds until the initial sync ends, by the RDB bytes left; null when unknown. */
    readonly initialSyncSecondsLeft: number | null;
  };
  /** Since the task was created. */
  readonly skippedTotal: number;
  readonly rejectedTotal: number;
};

/** How a task merges, and what of that can be changed. */
export type MergingView = {
  readonly policy: MergePolicy;
  /** Policies that can be chosen: without a ring nobody owns a key. */
  readonly policies: readonly MergePolicy[];
  readonly hasRing: boolean;
  readonly destinationKeys: DestinationKeysPolicy;
  readonly shrink: ShrinkPolicy;
  readonly onFlush: FlushPolicy;
  readonly confirmed: StartConfirmation | null;
  /** It is paused, or was never started. */
  readonly changeable: boolean;
};

/** A task with its shards side by side. */
export type TaskView = TaskRow & {
  readonly source:
    | {
        readonly kind: "nutcracker";
        readonly pool: string;
        readonly hash: string;
        readonly distribution: string;
        readonly hashTag: string | null;
        readonly autoEjectHosts: boolean;
        /** host:port of the running nutcracker's statistics; null where none was given. */
        readonly stats: string | null;
      }
    | { readonly kind: "shards" };
  readonly databases: DatabaseMap;
  readonly publish: PublishPolicy;
  readonly onDestinationDataLost: DestinationDataLostPolicy;
  readonly merging: MergingView;
  readonly shards: readonly ShardSummary[];
  readonly destinationKeys: readonly KeyCount[] | null;
  /** Newest first, at most 50. */
  readonly events: readonly EventView[];
  /** Those that nobody has marked as seen, newest first, at most 50, however old they are. */
  readonly alerts: readonly EventView[];
};

/** One shard's page. */
export type ShardView = {
  readonly task: Pick<TaskView, "id" | "name" | "status" | "actions" | "destinationLabel" | "databases">;
  readonly shard: ShardSummary;
  readonly siblings: readonly { readonly id: string; readonly name: string; readonly status: ShardStatus }[];
  readonly refused: readonly RefusedCommand[];
  /** How scripts that the shard sends as they were called ran on the destination. */
  readonly scripts: readonly ScriptRuns[];
  readonly events: readonly EventView[];
  /** As the task's, of this shard. */
  readonly alerts: readonly EventView[];
};

export const seriesRanges = ["15m", "1h", "6h", "24h", "7d"] as const;
export type SeriesRange = (typeof seriesRanges)[number];

/** Columns of equal length for the charts, oldest first. */
export type ShardSeries = {
  /** Seconds since the epoch. */
  readonly at: readonly number[];
  readonly lagSeconds: readonly (number | null)[];
  readonly lagBytes: readonly (number | null)[];
  readonly commandsPerSecond: readonly (number | null)[];
  readonly bytesPerSecond: readonly (number | null)[];
  readonly sourceKeys: readonly (number | null)[];
  readonly destinationKeys: readonly (number | null)[];
};
