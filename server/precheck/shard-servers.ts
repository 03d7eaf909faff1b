import { type PlainReason, toReason } from "../errors/tributary-error.ts";
import { formatAddress, type RedisEndpoint } from "../redis/endpoint.ts";
import { type AskedServer, askServers, chooseServer } from "../redis/find-master.ts";
import { sentinelMaster } from "../redis/sentinel-master.ts";
import type { ShardAddress } from "./precheck-input.ts";

/** What a Sentinel says of a shard. */
export type AskedSentinel = {
  readonly address: string;
  /** host:port of the master; null where it does not say. */
  readonly master: string | null;
  readonly failure: PlainReason | null;
};

/** The servers of a shard with several addresses or Sentinels, and the one that would be read from. */
export type ShardServers = {
  readonly chosen: RedisEndpoint;
  readonly servers: readonly AskedServer[];
  readonly sentinels: readonly AskedSentinel[];
};

/**
 * Looks for a shard's master as its shard sync would. @returns null for a shard with one address.
 * @throws TributaryError SENTINEL_UNREACHABLE, SENTINEL_MASTER_UNKNOWN; the signal's reason.
 */
export async function findShardServers(
  shard: ShardAddress,
  role: string,
  signal: AbortSignal | undefined,
): Promise<ShardServers | null> {
  const { endpoint, alternatives = [], sentinel = null } = shard;
  if (sentinel === null && alternatives.length === 0) return null;
  const options = { role, ...(signal === undefined ? {} : { signal }) };
  const ofSentinels = new Set(sentinel?.sentinels.map(formatAddress));
  const given = [endpoint, ...alternatives].filter((one) => !ofSentinels.has(formatAddress(one)));
  if (sentinel === null) return { ...(await choose(given, options)), sentinels: [] };
  const sentinels = await Promise.all(
    sentinel.sentinels.map(async (one): Promise<AskedSentinel> => {
      const address = formatAddress(one);
      try {
        const master = await sentinelMaster({ ...sentinel, sentinels: [one] }, endpoint, options);
        return { address, master: formatAddress(master), failure: null };
      } catch (error) {
        signal?.throwIfAborted();
        return { address, master: null, failure: toReason(error) };
      }
    }),
  );
  if (given.length > 0 && sentinels.every(({ master }) => master === null)) {
    return { ...(await choose(given, options)), sentinels };
  }
  const master = await sentinelMaster(sentinel, endpoint, options);
  return { ...(await choose([master], options)), sentinels };
}

async function choose(
  endpoints: readonly RedisEndpoint[],
  options: Parameters<typeof askServers>[1],
): Promise<Pick<ShardServers, "chosen" | "servers">> {
  const servers = await askServers(endpoints, options);
  const answering = servers.find(({ error }) => error === null);
  const chosen = chooseServer(servers, null)?.server ?? answering ?? servers[0]!;
  return { chosen: chosen.endpoint, servers };
}
