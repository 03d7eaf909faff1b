import type { RedisEndpoint } from "../redis/endpoint.ts";
import { onlineReplicas } from "../redis/online-replicas.ts";
import { parseInfo, releaseOf } from "../redis/server-info.ts";
import { SourceLocator } from "../sync/source/source-locator.ts";
import type { Side } from "./look.ts";
import { ReadConnection } from "./read-connection.ts";
import { abilitiesOf } from "./server-abilities.ts";
import type { VerifiedShard } from "./verify-spec.ts";

export type OpenOptions = {
  /** Read a replica in the place of the master, where one answers. */
  readonly replicas?: boolean;
  readonly now: () => number;
  readonly signal: AbortSignal;
};

/** Replicas of a shard that are tried. */
const MOST_REPLICAS = 5;

/**
 * A connection to a shard's master, or to a replica of it, by the master's user and password. Before 4.0 a replica does
 * not tell in whose history it is: there the master is read.
 * @throws TributaryError as SourceLocator and ReadConnection.open do.
 */
export async function openShardSide(
  shard: VerifiedShard,
  { replicas = false, now, signal }: OpenOptions,
): Promise<Side> {
  const role = `shard ${shard.shardName}`;
  const locator = new SourceLocator({ addresses: shard, role, now, onEvent: () => {}, signal });
  const endpoint = await locator.locate(null);
  const connection = await ReadConnection.open(endpoint, role, signal);
  if (!replicas || releaseOf(connection.facts.redisVersion) < 400) return await sideOf(connection);
  const info = String(await connection.must(null, "INFO", "replication"));
  for (const { host, port } of onlineReplicas(parseInfo(info)).slice(0, MOST_REPLICAS)) {
    const replica = await ReadConnection.open({ ...endpoint, host, port }, role, signal).catch(() => null);
    if (replica === null) continue;
    if (replica.facts.masterLinkUp === true) {
      connection.close();
      return await sideOf(replica);
    }
    replica.close();
  }
  signal.throwIfAborted();
  return await sideOf(connection);
}

/** A connection to the destination. @throws TributaryError as ReadConnection.open does. */
export async function openDestinationSide(endpoint: RedisEndpoint, signal: AbortSignal): Promise<Side> {
  return await sideOf(await ReadConnection.open(endpoint, "the destination", signal));
}

async function sideOf(connection: ReadConnection): Promise<Side> {
  try {
    return { connection, abilities: await abilitiesOf(connection) };
  } catch (error) {
    connection.close();
    throw error;
  }
}
