import { TributaryError } from "../errors/tributary-error.ts";
import { parseEndpoint, type RedisEndpoint } from "../redis/endpoint.ts";

/** Where a running nutcracker gives its statistics. */
export type StatsAddress = Pick<RedisEndpoint, "host" | "port">;

/** twemproxy: nc_stats.h STATS_PORT */
const defaultPort = 22222;

/**
 * Reads `host:port`, `host` (port 22222) or `[v6]:port`.
 * @throws TributaryError INPUT_INVALID; the message never repeats a password.
 */
export function parseStatsAddress(input: string): StatsAddress {
  const { host, port, tls, username, password, db } = endpointOf(input);
  if (tls || username !== null || password !== null || db !== null || input.includes("://")) {
    throw invalid("a host and a port are wanted, and nothing else");
  }
  return { host, port };
}

/** What is no address of nutcracker's statistics is not to be told how a Redis address is written. */
function endpointOf(input: string): RedisEndpoint {
  try {
    return parseEndpoint(input, defaultPort);
  } catch (error) {
    if (error instanceof TributaryError) throw invalid(String(error.details.detail));
    throw error;
  }
}

function invalid(detail: string): TributaryError {
  return new TributaryError("INPUT_INVALID", { field: "The address of nutcracker's statistics", detail });
}
