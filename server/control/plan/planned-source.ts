import type { RedisEndpoint } from "../../redis/endpoint.ts";
import type { SentinelSource } from "../../redis/source-addresses.ts";
import type { NutcrackerPool } from "../../twemproxy/nutcracker-pool.ts";
import type { StatsAddress } from "../../twemproxy/stats-address.ts";
import type { TaskRing } from "./task-ring.ts";

/** The pool as it is stored: all that the ring needs, without the password. */
export type SourceConfig =
  | {
      readonly kind: "nutcracker";
      readonly pool: Omit<NutcrackerPool, "redisAuth">;
      /** Of the running nutcracker; left out where none was given. */
      readonly stats?: StatsAddress;
    }
  | { readonly kind: "shards" };

export type PlannedShard = {
  /** Of [A-Za-z0-9_.-]{1,64}, unique in the task. */
  readonly id: string;
  readonly name: string;
  readonly weight: number;
  readonly endpoint: RedisEndpoint;
  readonly alternatives: readonly RedisEndpoint[];
  readonly sentinel: SentinelSource | null;
};

export type PlannedSource = {
  readonly config: SourceConfig;
  readonly shards: readonly PlannedShard[];
  readonly ring: TaskRing | null;
  /** The database in which Twemproxy keeps the keys; null for shards that were given by hand. */
  readonly redisDb: number | null;
};
