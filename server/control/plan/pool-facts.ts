import { formatAddress } from "../../redis/endpoint.ts";
import type { NutcrackerConfig } from "../../twemproxy/nutcracker-config.ts";
import type { NutcrackerPool } from "../../twemproxy/nutcracker-pool.ts";
import type { Problem } from "../../twemproxy/nutcracker-problem.ts";
import { placeOf } from "./plan-pool.ts";

/** A pool as a page shows it: without its password. */
export type PoolFacts = {
  readonly name: string;
  readonly listen: string | null;
  /** Only a Redis pool can be synchronized. */
  readonly redis: boolean;
  readonly hash: string;
  readonly distribution: string;
  readonly hashTag: string | null;
  readonly redisDb: number;
  readonly hasPassword: boolean;
  readonly autoEjectHosts: boolean;
  readonly servers: readonly {
    readonly name: string;
    readonly address: string;
    readonly weight: number;
    /** The first name of the same server, where the pool has several for it: it is read once. */
    readonly sameAs: string | null;
  }[];
};

export type NutcrackerFacts = { readonly pools: readonly PoolFacts[]; readonly problems: readonly Problem[] };

/** A nutcracker.yml for the page that lets a pool be chosen. */
export function nutcrackerFacts({ pools, problems }: NutcrackerConfig): NutcrackerFacts {
  return {
    pools: pools.map((pool) => ({ ...poolFacts(pool), hasPassword: pool.redisAuth !== null })),
    problems,
  };
}

export function poolFacts(pool: Omit<NutcrackerPool, "redisAuth">): Omit<PoolFacts, "hasPassword"> {
  return {
    name: pool.name,
    listen: pool.listen,
    redis: pool.redis,
    hash: pool.hash,
    distribution: pool.distribution,
    hashTag: pool.hashTag,
    redisDb: pool.redisDb,
    autoEjectHosts: pool.autoEjectHosts,
    servers: pool.servers.map((server, at) => ({
      sameAs: pool.servers.slice(0, at).find((other) => placeOf(other) === placeOf(server))?.name ?? null,
      name: server.name,
      address: server.socket ?? formatAddress(server),
      weight: server.weight,
    })),
  };
}
