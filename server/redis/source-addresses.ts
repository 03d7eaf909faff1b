import type { RedisEndpoint } from "./endpoint.ts";

/** Sentinels that know which server is a shard's master (redis: sentinel.c SENTINEL GET-MASTER-ADDR-BY-NAME). */
export type SentinelSource = {
  readonly masterName: string;
  /** Asked in this order; each with its own user and password. */
  readonly sentinels: readonly RedisEndpoint[];
};

/** Where a shard may be found: its master is one of several servers, and not always the same. */
export type SourceAddresses = {
  /**
   * The address as it was given: the shard's name for people, and the user, password and TLS for servers that a
   * Sentinel names. Where nothing but Sentinels were given it is the first of them, which is no Redis-Server.
   */
  readonly source: RedisEndpoint;
  /** Further servers of the same shard, master and replicas in any order. */
  readonly alternatives: readonly RedisEndpoint[];
  readonly sentinel: SentinelSource | null;
};
