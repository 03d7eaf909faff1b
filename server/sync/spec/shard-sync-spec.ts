import type { MergeSpec } from "../../merge/merge-policy.ts";
import type { RedisEndpoint } from "../../redis/endpoint.ts";
import type { SourceAddresses } from "../../redis/source-addresses.ts";

/** Source databases and where each goes. `all`: every source database to the same number. */
export type DatabaseMap =
  | { readonly kind: "all" }
  | {
      readonly kind: "pairs";
      readonly pairs: readonly { readonly source: number; readonly destination: number }[];
    };

/** What becomes of messages that a shard publishes: given on to the destination, or left out. */
export type PublishPolicy = "forward" | "skip";

/** What a shard sync does when the destination has lost what was written: begin again, or stop and say so. */
export type DestinationDataLostPolicy = "resync" | "stop";

/**
 * What a shard sync does about a shard that has shrunk: a re-sync that would remove more than `maxKeys` keys, and more
 * than the share `maxShare` (0 to 1) of what the shard had brought, holds and asks, follows it, or keeps the copy.
 */
export type ShrinkPolicy = {
  readonly onShrink: "hold" | "follow" | "keep";
  readonly maxKeys: number;
  readonly maxShare: number;
};

export const SHRINK_POLICY: ShrinkPolicy = { onShrink: "hold", maxKeys: 1000, maxShare: 0.1 };

/** What becomes of keys that the destination held before the task wrote its first one. */
export type DestinationKeysPolicy = "must-be-empty" | "overwrite" | "keep";

/** What a FLUSHALL or FLUSHDB of a shard does: nothing, or it removes the keys that this shard owns. */
export type FlushPolicy = "skip" | "own-keys";

/** Another shard of the same task, as far as a shard sync has to know it. */
export type SiblingShard = SourceAddresses & {
  readonly shardId: string;
  readonly shardName: string;
  readonly spoolDirectory: string;
};

/**
 * All that one shard sync needs to know: plain, serializable data, so that the engine that runs it can be
 * in another thread or on another host.
 */
export type ShardSyncSpec = SourceAddresses & {
  readonly taskId: string;
  /** How other tasks on the same destination call it. */
  readonly taskName: string;
  /** Unique in the task, at most 64 characters of [A-Za-z0-9_.-]: it is part of key and connection names. */
  readonly shardId: string;
  /** How messages call it, e.g. the server's name in nutcracker.yml. */
  readonly shardName: string;
  /** Its place among the task's shards, from 0; it never changes. */
  readonly shardIndex: number;
  /** The task's other shards: a re-sync must not take their keys for stale ones. */
  readonly siblings: readonly SiblingShard[];
  readonly destination: RedisEndpoint;
  readonly databases: DatabaseMap;
  readonly merge: MergeSpec;
  /** The database of the destination that holds the checkpoint. */
  readonly checkpointDb: number;
  /** The source database in which the heartbeat key is written; null writes none. */
  readonly heartbeatDb: number | null;
  readonly publish: PublishPolicy;
  readonly onDestinationDataLost: DestinationDataLostPolicy;
  readonly shrink: ShrinkPolicy;
  readonly destinationKeys: DestinationKeysPolicy;
  readonly onFlush: FlushPolicy;
  /** Initial syncs of the shard before this run, by which the next one is numbered; 0 when not given. */
  readonly initialSyncsBefore?: number;
  /** The shard has had a checkpoint before: a destination without it is not a new one, but has lost it. */
  readonly expectCheckpoint: boolean;
  /** A folder of this shard sync's own; it is emptied at the start of each attempt. */
  readonly spoolDirectory: string;
  /** Bytes that may wait on disk before the source is held back. */
  readonly spoolQuotaBytes: number;
};
