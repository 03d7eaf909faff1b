import type { RedisEndpoint } from "../redis/endpoint.ts";

/** Source databases and where each goes. `all`: every source database to the same number. */
export type DatabaseMap =
  | { readonly kind: "all" }
  | {
      readonly kind: "pairs";
      readonly pairs: readonly { readonly source: number; readonly destination: number }[];
    };

/** Another shard of the same task, as far as a shard sync has to know it. */
export type SiblingShard = {
  readonly shardId: string;
  readonly shardName: string;
  readonly source: RedisEndpoint;
  readonly spoolDirectory: string;
};

/**
 * All that one shard sync needs to know: plain, serialisable data, so that the engine that runs it can be
 * in another thread or on another host.
 */
export type ShardSyncSpec = {
  readonly taskId: string;
  /** Unique in the task, at most 64 characters of [A-Za-z0-9_.-]: it is part of key and connection names. */
  readonly shardId: string;
  /** How messages call it, e.g. the server's name in nutcracker.yml. */
  readonly shardName: string;
  /** Its place among the task's shards, from 0; it never changes. */
  readonly shardIndex: number;
  /** The task's other shards: a re-sync must not take their keys for stale ones. */
  readonly siblings: readonly SiblingShard[];
  readonly source: RedisEndpoint;
  readonly destination: RedisEndpoint;
  readonly databases: DatabaseMap;
  /** The database of the destination that holds the checkpoint. */
  readonly checkpointDb: number;
  /** The source database in which the heartbeat key is written; null writes none. */
  readonly heartbeatDb: number | null;
  /** A folder of this shard sync's own; it is emptied at the start of each attempt. */
  readonly spoolDirectory: string;
  /** Bytes that may wait on disk before the source is held back. */
  readonly spoolQuotaBytes: number;
};
