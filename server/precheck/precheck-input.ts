import type { MergePolicy } from "../merge/merge-policy.ts";
import type { RedisEndpoint } from "../redis/endpoint.ts";
import type { SourceAddresses } from "../redis/source-addresses.ts";
import type { NutcrackerPool } from "../twemproxy/nutcracker-pool.ts";
import type { StatsAddress } from "../twemproxy/stats-address.ts";

/** With further servers and Sentinels where it has any. */
export type ShardAddress = Partial<Pick<SourceAddresses, "alternatives" | "sentinel">> & {
  readonly id: string;
  /** How messages call it, e.g. the server's name in nutcracker.yml. */
  readonly name: string;
  readonly endpoint: RedisEndpoint;
};

export type DatabasePair = { readonly source: number; readonly destination: number };

/** How a pool distributes its keys, by the ids of the shards. */
export type MergeRing = Pick<NutcrackerPool, "hash" | "hashTag" | "distribution"> & {
  readonly servers: readonly { readonly name: string; readonly weight: number; readonly shardId: string }[];
};

/** What the task is to do with the keys of a destination, and what is known of it. */
export type MergeQuestion = {
  /** null for a task that does not exist yet. */
  readonly taskId: string | null;
  /** It has written to the destination before: what lies there may be its own. */
  readonly began: boolean;
  readonly destinationKeys: "must-be-empty" | "overwrite" | "keep";
  /** null where the shards were given by hand, or the pool distributes at random. */
  readonly ring: MergeRing | null;
  /** Names of a pool that turn out to be one server will be read once: they are no mistake. */
  readonly readsOnce: boolean;
};

/** Where the running nutcracker gives its statistics, and what is looked for in them. */
export type StatsQuestion = {
  readonly address: StatsAddress;
  readonly pool: string;
  /** Names of the pool's servers. */
  readonly servers: readonly string[];
  /** What becomes of the copies that ejections leave behind. */
  readonly mergePolicy: MergePolicy;
};

export type PrecheckInput = {
  readonly shards: readonly ShardAddress[];
  readonly destination: RedisEndpoint;
  /** Which source database goes where; null is every database to the same number. */
  readonly databases: readonly DatabasePair[] | null;
  /** The source database of the heartbeat key; null writes none. */
  readonly heartbeatDb: number | null;
  /** What the pool says; left out for shards that were given by hand. */
  readonly autoEjectHosts?: boolean;
  /** Left out where no address of a running nutcracker's statistics was given. */
  readonly stats?: StatsQuestion;
  readonly merge: MergeQuestion;
  readonly signal?: AbortSignal;
};
