import { dropClient, openClient } from "../redis/client.ts";
import type { RedisEndpoint } from "../redis/endpoint.ts";

const timeoutMs = 3000;

/**
 * Asks a master that has hung up on a replica waiting for its RDB whether that is because its BGSAVE has failed: it
 * closes the link without a word then (redis: replication.c updateSlavesWaitingBgsave). A BGSAVE to sockets leaves
 * no trace in INFO (redis: rdb.c backgroundSaveDoneHandlerSocket). Never rejects; false where nobody answers.
 */
export async function saveHasFailed(
  endpoint: RedisEndpoint,
  role: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    const client = await openClient(endpoint, {
      role,
      timeoutMs,
      commandTimeoutMs: timeoutMs,
      looksOnly: true,
      ...(signal === undefined ? {} : { signal }),
    });
    try {
      return /^rdb_last_bgsave_status:err\r?$/m.test(await client.info("persistence"));
    } finally {
      dropClient(client);
    }
  } catch {
    return false;
  }
}
