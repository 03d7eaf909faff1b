import { TributaryError } from "../../errors/tributary-error.ts";
import { formatAddress, type RedisEndpoint } from "../../redis/endpoint.ts";
import { parseFurther } from "../../redis/parse-source.ts";
import type { SourceAddresses } from "../../redis/source-addresses.ts";
import { type NutcrackerConfig, selectPool } from "../../twemproxy/nutcracker-config.ts";
import { endpointOf, type NutcrackerPool, type NutcrackerServer } from "../../twemproxy/nutcracker-pool.ts";
import { parseStatsAddress } from "../../twemproxy/stats-address.ts";
import { placed } from "./input-place.ts";
import type { PlannedSource, SourceConfig } from "./planned-source.ts";
import { uniqueId } from "./shard-id.ts";
import type { TaskInput } from "./task-input.ts";
import { ringOf } from "./task-ring.ts";

/**
 * A pool lists names on a ring, and several may stand for one Redis-Server (to be moved apart later): each
 * server is read once, while the ring keeps all names.
 * @throws TributaryError as planTask
 */
export function planPool(
  source: Extract<TaskInput["source"], { kind: "nutcracker" }>,
  config: NutcrackerConfig,
): PlannedSource {
  const pool = selectPool(config, source.pool);
  const further = new Map(Object.entries(source.further ?? {}));
  for (const name of further.keys()) {
    if (pool.servers.some((server) => server.name === name)) continue;
    const detail = `the pool has no server called ${name}`;
    throw new TributaryError("INPUT_INVALID", { field: "Further addresses", detail });
  }
  const ids = new Map<string, number>();
  const groups = byAddress(pool).map(({ endpoint, servers }) => {
    const name = servers.length === 1 ? servers[0]!.name : formatAddress(endpoint);
    const shard = {
      id: uniqueId(name, ids),
      name,
      weight: servers.reduce((sum, server) => sum + server.weight, 0),
      endpoint,
      ...furtherOf(servers, further, endpoint),
    };
    return { shard, names: servers.map((server) => server.name) };
  });
  const { redisAuth: _, ...facts } = pool;
  // With a password Twemproxy's SELECT goes out before its AUTH, is refused, and the refusal is swallowed: the
  // keys lie in database 0 whatever redis_db says (twemproxy: nc_redis.c redis_post_connect; seen with 0.5.0).
  const redisDb = pool.redisAuth === null ? pool.redisDb : 0;
  const shardIdOf = (name: string) => groups.find(({ names }) => names.includes(name))!.shard.id;
  return {
    config: { kind: "nutcracker", pool: facts, ...statsOf(source.stats) },
    shards: groups.map(({ shard }) => shard),
    ring: ringOf(pool, shardIdOf),
    redisDb,
  };
}

function statsOf(given: string | undefined): Pick<SourceConfig & { kind: "nutcracker" }, "stats"> {
  if (given === undefined || given === "") return {};
  return { stats: placed("stats", () => parseStatsAddress(given)) };
}

type OneServer = { readonly endpoint: RedisEndpoint; readonly servers: readonly NutcrackerServer[] };

/** In the order of the first name of each. */
function byAddress(pool: NutcrackerPool): OneServer[] {
  const groups = new Map<string, { endpoint: RedisEndpoint; servers: NutcrackerServer[] }>();
  for (const server of pool.servers) {
    if (server.socket !== null) {
      throw new TributaryError("ADDRESS_INVALID", {
        input: server.socket,
        detail: "a unix socket cannot be reached from here; list the server by host and port",
      });
    }
    const place = placeOf(server);
    const group = groups.get(place);
    if (group === undefined) groups.set(place, { endpoint: endpointOf(pool, server), servers: [server] });
    else group.servers.push(server);
  }
  return [...groups.values()];
}

/** Equal for names of a pool that stand for one server. */
export function placeOf({ host, port, socket }: NutcrackerServer): string {
  return socket ?? `${plainHost(host)}:${port}`;
}

/** One text for the ways in which one host is mostly written; others are told by the run_id, when asked. */
function plainHost(host: string): string {
  const plain = host.toLowerCase().replace(/\.$/, "");
  return plain === "localhost" ? "127.0.0.1" : plain;
}

/** What was given for any of a server's names. */
function furtherOf(
  servers: readonly NutcrackerServer[],
  further: ReadonlyMap<string, string>,
  endpoint: RedisEndpoint,
): Omit<SourceAddresses, "source"> {
  const given = servers.map(({ name }) =>
    placed(`further.${name}`, () => parseFurther(further.get(name) ?? "", endpoint)),
  );
  const alternatives = new Map(
    given.flatMap((one) => one.alternatives.map((other) => [formatAddress(other), other] as const)),
  );
  return {
    alternatives: [...alternatives.values()],
    sentinel: given.find((one) => one.sentinel !== null)?.sentinel ?? null,
  };
}
