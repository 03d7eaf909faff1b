import type { RedisEndpoint } from "../redis/endpoint.ts";

/** The hashes of Twemproxy 0.2 to 0.5, as nutcracker.yml names them (twemproxy: nc_hashkit.h HASH_CODEC). */
export const nutcrackerHashes = [
  "one_at_a_time",
  "md5",
  "crc16",
  "crc32",
  "crc32a",
  "fnv1_64",
  "fnv1a_64",
  "fnv1_32",
  "fnv1a_32",
  "hsieh",
  "murmur",
  "jenkins",
] as const;
export type NutcrackerHash = (typeof nutcrackerHashes)[number];

export const nutcrackerDistributions = ["ketama", "modula", "random"] as const;
export type NutcrackerDistribution = (typeof nutcrackerDistributions)[number];

export type NutcrackerServer = {
  /** The name on the ring: the one given, else host:port (the host alone when the port is 11211). */
  readonly name: string;
  /** As written; brackets round an IPv6 address are no part of the host for nutcracker, but are taken off here. */
  readonly host: string;
  readonly port: number;
  /** At least 1. */
  readonly weight: number;
  /** Path of a unix socket, with host "" and port 0; null for TCP. */
  readonly socket: string | null;
  /** Line in nutcracker.yml, from 1. */
  readonly line: number;
};

/** One pool with Twemproxy's defaults filled in (twemproxy: nc_conf.h CONF_DEFAULT_*). */
export type NutcrackerPool = {
  readonly name: string;
  /** Line of its name, from 1. */
  readonly line: number;
  /** host:port or the path of a socket; null where the file has none. */
  readonly listen: string | null;
  readonly hash: NutcrackerHash;
  /** Two characters; null is without. */
  readonly hashTag: string | null;
  readonly distribution: NutcrackerDistribution;
  /** ms; null is without limit. */
  readonly timeoutMs: number | null;
  readonly redis: boolean;
  /** The password of each shard, and of nutcracker's own clients. */
  readonly redisAuth: string | null;
  readonly redisDb: number;
  readonly autoEjectHosts: boolean;
  readonly serverConnections: number;
  readonly serverRetryTimeoutMs: number;
  readonly serverFailureLimit: number;
  /** In the order of the file; the ring sorts them by itself. */
  readonly servers: readonly NutcrackerServer[];
};

/** The endpoint of a pool's server, with the pool's password and database. TCP only: Twemproxy has no TLS and no ACL users. */
export function endpointOf(pool: NutcrackerPool, server: NutcrackerServer): RedisEndpoint {
  return {
    host: server.host,
    port: server.port,
    tls: false,
    username: null,
    password: pool.redisAuth,
    db: pool.redisDb,
  };
}
