import { TributaryError } from "../errors/tributary-error.ts";
import { controlCharacterIn } from "../redis/control-character.ts";
import { parseEndpoint, type RedisEndpoint } from "../redis/endpoint.ts";
import { parseFurther, parseSource } from "../redis/parse-source.ts";
import type { SentinelSource } from "../redis/source-addresses.ts";
import type { DatabaseMap, DestinationDataLostPolicy, PublishPolicy } from "../sync/shard-sync-spec.ts";
import { type NutcrackerConfig, parseNutcrackerConfig, selectPool } from "../twemproxy/nutcracker-config.ts";
import { endpointOf, type NutcrackerPool } from "../twemproxy/nutcracker-pool.ts";
import type { AddressInput, TaskInput } from "./task-input.ts";

export { controlCharacterIn } from "../redis/control-character.ts";

/** The pool as it is stored: all that the ring needs, without the password. */
export type SourceConfig =
  | { readonly kind: "nutcracker"; readonly pool: Omit<NutcrackerPool, "redisAuth"> }
  | { readonly kind: "shards" };

export type PlannedShard = {
  /** Of [A-Za-z0-9_.-]{1,64}, unique in the task. */
  readonly id: string;
  readonly name: string;
  readonly weight: number;
  readonly endpoint: RedisEndpoint;
  readonly alternatives: readonly RedisEndpoint[];
  readonly sentinel: SentinelSource | null;
};

/** A task input that has been understood: what will run, with nothing left to choose. */
export type TaskPlan = {
  readonly source: SourceConfig;
  readonly shards: readonly PlannedShard[];
  readonly destination: RedisEndpoint;
  readonly databases: DatabaseMap;
  readonly checkpointDb: number;
  readonly heartbeatDb: number | null;
  readonly publish: PublishPolicy;
  readonly onDestinationDataLost: DestinationDataLostPolicy;
};

/**
 * Reads the addresses and the nutcracker.yml and fills in the defaults. It opens no connection.
 * @param config what the nutcracker.yml says, where it has been read already.
 * @throws TributaryError ADDRESS_INVALID, SHARD_MISSING, NUTCRACKER_SYNTAX, NUTCRACKER_POOL_UNKNOWN,
 * NUTCRACKER_NOT_REDIS, DATABASE_MAPPED_TWICE, INPUT_INVALID
 */
export function planTask(input: Omit<TaskInput, "name">, config?: NutcrackerConfig): TaskPlan {
  const destination = placed("destination.address", () => endpointOfInput(input.destination));
  refuseControls("destination", input.destination);
  const source =
    input.source.kind === "nutcracker"
      ? planPool(input.source, config ?? parseNutcrackerConfig(input.source.text))
      : planShards(input.source.shards);
  if (source.shards.length === 0) throw new TributaryError("SHARD_MISSING");
  const databases = input.databases ?? defaultDatabases(source.redisDb, destination.db);
  checkDatabases(databases);
  return {
    source: source.config,
    shards: source.shards,
    destination,
    databases,
    checkpointDb: databases.kind === "all" ? (destination.db ?? 0) : databases.pairs[0]!.destination,
    heartbeatDb: source.redisDb ?? firstSource(databases),
    publish: input.publish ?? "forward",
    onDestinationDataLost: input.onDestinationDataLost ?? "resync",
  };
}

type PlannedSource = {
  readonly config: SourceConfig;
  readonly shards: readonly PlannedShard[];
  /** The database in which Twemproxy keeps the keys; null for shards that were given by hand. */
  readonly redisDb: number | null;
};

function planPool(
  source: Extract<TaskInput["source"], { kind: "nutcracker" }>,
  config: NutcrackerConfig,
): PlannedSource {
  const pool = selectPool(config, source.pool);
  const ids = new Map<string, number>();
  const further = new Map(Object.entries(source.further ?? {}));
  for (const name of further.keys()) {
    if (pool.servers.some((server) => server.name === name)) continue;
    const detail = `the pool has no server called ${name}`;
    throw new TributaryError("INPUT_INVALID", { field: "Further addresses", detail });
  }
  const shards = pool.servers.map((server) => {
    if (server.socket !== null) {
      throw new TributaryError("ADDRESS_INVALID", {
        input: server.socket,
        detail: "a unix socket cannot be reached from here; list the server by host and port",
      });
    }
    const endpoint = endpointOf(pool, server);
    return {
      id: uniqueId(server.name, ids),
      name: server.name,
      weight: server.weight,
      endpoint,
      ...placed(`further.${server.name}`, () => parseFurther(further.get(server.name) ?? "", endpoint)),
    };
  });
  const { redisAuth: _, ...facts } = pool;
  // With a password Twemproxy's SELECT goes out before its AUTH, is refused, and the refusal is swallowed: the
  // keys lie in database 0 whatever redis_db says (twemproxy: nc_redis.c redis_post_connect; seen with 0.5.0).
  const redisDb = pool.redisAuth === null ? pool.redisDb : 0;
  return { config: { kind: "nutcracker", pool: facts }, shards, redisDb };
}

function planShards(inputs: readonly AddressInput[]): PlannedSource {
  const ids = new Map<string, number>();
  const shards = inputs.map((input, index) => {
    const path = `shards.${index}`;
    refuseControls(path, input);
    const name = input.name?.trim() || `shard-${index + 1}`;
    const { source, ...further } = placed(`${path}.address`, () =>
      parseSource(input.address, credentialsOf(input)),
    );
    return { id: uniqueId(name, ids), name, weight: 1, endpoint: source, ...further };
  });
  return { config: { kind: "shards" }, shards, redisDb: null };
}

function endpointOfInput(input: AddressInput): RedisEndpoint {
  const endpoint = parseEndpoint(input.address);
  const { username, password } = credentialsOf(input);
  return { ...endpoint, username: username ?? endpoint.username, password: password ?? endpoint.password };
}

/** Hands an error on with the field of the input that it belongs to. */
function placed<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof TributaryError)) throw error;
    throw new TributaryError(error.code, { ...error.details, path }, { cause: error });
  }
}

function refuseControls(path: string, input: AddressInput): void {
  for (const field of ["name", "username", "password"] as const) {
    const found = controlCharacterIn(input[field] ?? "");
    if (found === null) continue;
    const details = { field: `${path}.${field}`, detail: `it holds ${found}`, path: `${path}.${field}` };
    throw new TributaryError("INPUT_INVALID", details);
  }
}

function credentialsOf({ username, password }: AddressInput): Pick<RedisEndpoint, "username" | "password"> {
  return { username: username?.trim() || null, password: password || null };
}

function defaultDatabases(redisDb: number | null, destinationDb: number | null): DatabaseMap {
  if (redisDb === null && destinationDb === null) return { kind: "all" };
  return { kind: "pairs", pairs: [{ source: redisDb ?? 0, destination: destinationDb ?? 0 }] };
}

function firstSource(databases: DatabaseMap): number {
  return databases.kind === "all" ? 0 : databases.pairs[0]!.source;
}

function checkDatabases(databases: DatabaseMap): void {
  if (databases.kind === "all") return;
  if (databases.pairs.length === 0) {
    throw new TributaryError("INPUT_INVALID", { field: "Databases", detail: "choose at least one" });
  }
  const bySource = new Set<number>();
  const byDestination = new Map<number, number>();
  for (const { source, destination } of databases.pairs) {
    if (bySource.has(source)) {
      const detail = `database ${source} of the source is listed twice`;
      throw new TributaryError("INPUT_INVALID", { field: "Databases", detail });
    }
    const first = byDestination.get(destination);
    if (first !== undefined) {
      throw new TributaryError("DATABASE_MAPPED_TWICE", { first, second: source, db: destination });
    }
    bySource.add(source);
    byDestination.set(destination, source);
  }
}

function uniqueId(name: string, taken: Map<string, number>): string {
  const safe = name.replace(/[^A-Za-z0-9_.-]+/g, "-").slice(0, 56) || "shard";
  // A page's address may not end in a segment of dots alone.
  const base = /^\.+$/.test(safe) ? `shard${safe}` : safe;
  let id = base;
  // Counted on by name: a thousand names that are not ASCII have one base.
  let count = taken.get(base) ?? 1;
  while (taken.has(id)) id = `${base}-${++count}`;
  taken.set(base, count);
  if (id !== base) taken.set(id, 1);
  return id;
}
