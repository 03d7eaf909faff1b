import { TributaryError } from "../errors/tributary-error.ts";
import { formatAddress, parseEndpoint, type RedisEndpoint } from "../redis/endpoint.ts";

/** Where a running nutcracker gives its statistics. */
export type StatsAddress = Pick<RedisEndpoint, "host" | "port">;

/** twemproxy: nc_stats.h STATS_PORT */
const defaultPort = 22222;

/**
 * Reads `host:port`, `host` (port 22222) or `[v6]:port`.
 * @throws TributaryError ADDRESS_INVALID; the message never repeats a password.
 */
export function parseStatsAddress(input: string): StatsAddress {
  const { host, port, tls, username, password, db } = parseEndpoint(input, defaultPort);
  if (tls || username !== null || password !== null || db !== null || input.includes("://")) {
    const detail = "nutcracker's statistics have a host and a port, and nothing else";
    throw new TributaryError("ADDRESS_INVALID", { input: formatAddress({ host, port }), detail });
  }
  return { host, port };
}
