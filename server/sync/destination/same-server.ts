import type { Redis } from "ioredis";
import { TributaryError } from "../../errors/tributary-error.ts";
import { formatAddress, type RedisEndpoint } from "../../redis/endpoint.ts";
import { parseInfo, serverFacts } from "../../redis/server-info.ts";

/**
 * All connections of a session must lead to one process: the address may have moved to a replica that was behind, or
 * the server may have come back from an older state, since the first of them was opened. What the one says of the
 * data is then not true of the other.
 * @param first the run_id that the session's first connection has found; without one nothing can be told.
 * @throws TributaryError DESTINATION_LINK_LOST: the next session begins with the server that is there now.
 */
export function requireSameServer(endpoint: RedisEndpoint, first: string, now: string): void {
  if (first === "" || now === "" || first === now) return;
  const detail = "another server, or the same one restarted, answers at this address now";
  throw new TributaryError("DESTINATION_LINK_LOST", { address: formatAddress(endpoint), detail });
}

/** Asks a client which server it has reached, where there is one to compare it with. @throws as requireSameServer. */
export async function requireSameServerAt(
  client: Redis,
  endpoint: RedisEndpoint,
  first: string,
): Promise<void> {
  if (first === "") return;
  requireSameServer(endpoint, first, serverFacts(parseInfo(await client.info("server"))).runId);
}
