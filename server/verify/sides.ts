import type { RedisEndpoint } from "../redis/endpoint.ts";
import { SourceLocator } from "../sync/source/source-locator.ts";
import type { Side } from "./look.ts";
import { ReadConnection } from "./read-connection.ts";
import { abilitiesOf } from "./server-abilities.ts";
import type { VerifiedShard } from "./verify-spec.ts";

export type OpenOptions = { readonly now: () => number; readonly signal: AbortSignal };

/** A connection to a shard's master. @throws TributaryError as SourceLocator and ReadConnection.open do. */
export async function openShardSide(shard: VerifiedShard, { now, signal }: OpenOptions): Promise<Side> {
  const role = `shard ${shard.shardName}`;
  const locator = new SourceLocator({ addresses: shard, role, now, onEvent: () => {}, signal });
  return await sideAt(await locator.locate(null), role, signal);
}

/** A connection to the destination. @throws TributaryError as ReadConnection.open does. */
export async function openDestinationSide(endpoint: RedisEndpoint, signal: AbortSignal): Promise<Side> {
  return await sideAt(endpoint, "the destination", signal);
}

async function sideAt(endpoint: RedisEndpoint, role: string, signal: AbortSignal): Promise<Side> {
  const connection = await ReadConnection.open(endpoint, role, signal);
  try {
    return { connection, abilities: await abilitiesOf(connection) };
  } catch (error) {
    connection.close();
    throw error;
  }
}
