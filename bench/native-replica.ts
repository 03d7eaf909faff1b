import type { RedisServer } from "../test/servers/redis-server.ts";
import { until } from "../test/servers/until.ts";

/** Makes `replica` a replica of `source` and waits until its link is up. @returns ms. */
export async function replicate(replica: RedisServer, source: RedisServer): Promise<number> {
  const began = performance.now();
  await replica.client.replicaof("127.0.0.1", source.port);
  await until(async () => /master_link_status:up/.test(await replica.client.info("replication")), {
    what: "the native replica's link is up",
    timeoutMs: 600_000,
    everyMs: 5,
  });
  return performance.now() - began;
}
