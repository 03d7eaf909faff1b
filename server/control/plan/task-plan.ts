import { TributaryError } from "../../errors/tributary-error.ts";
import type { MergePolicy } from "../../merge/merge-policy.ts";
import { parseEndpoint, type RedisEndpoint } from "../../redis/endpoint.ts";
import { parseSource } from "../../redis/parse-source.ts";
import {
  type DatabaseMap,
  type DestinationDataLostPolicy,
  type DestinationKeysPolicy,
  type FlushPolicy,
  type PublishPolicy,
  SHRINK_POLICY,
  type ShrinkPolicy,
} from "../../sync/spec/shard-sync-spec.ts";
import { type NutcrackerConfig, parseNutcrackerConfig } from "../../twemproxy/nutcracker-config.ts";
import { repeatedDatabases } from "./database-pairs.ts";
import { placed } from "./input-place.ts";
import { planPool } from "./plan-pool.ts";
import type { PlannedShard, PlannedSource, SourceConfig } from "./planned-source.ts";
import { refuseControls } from "./refuse-controls.ts";
import { uniqueId } from "./shard-id.ts";
import type { AddressInput, TaskInput } from "./task-input.ts";
import { flushPolicyOf, mergePolicyOf, type TaskRing } from "./task-ring.ts";

/** A task input that has been understood: what will run, with nothing left to choose. */
export type TaskPlan = {
  readonly source: SourceConfig;
  readonly shards: readonly PlannedShard[];
  readonly destination: RedisEndpoint;
  readonly databases: DatabaseMap;
  readonly mergePolicy: MergePolicy;
  /** null where the shards were given by hand, or the pool distributes at random. */
  readonly ring: TaskRing | null;
  readonly destinationKeys: DestinationKeysPolicy;
  readonly shrink: ShrinkPolicy;
  readonly onFlush: FlushPolicy;
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
    mergePolicy: mergePolicyOf(input.mergePolicy, source.ring),
    ring: source.ring,
    destinationKeys: input.destinationKeys ?? "must-be-empty",
    shrink: { ...SHRINK_POLICY, ...input.shrink },
    onFlush: flushPolicyOf(input.onFlush, source.ring),
    checkpointDb: databases.kind === "all" ? (destination.db ?? 0) : databases.pairs[0]!.destination,
    heartbeatDb: source.redisDb ?? firstSource(databases),
    publish: input.publish ?? "forward",
    onDestinationDataLost: input.onDestinationDataLost ?? "resync",
  };
}

function planShards(inputs: readonly AddressInput[]): PlannedSource {
  return { config: { kind: "shards" }, shards: planFurther(inputs, []), ring: null, redisDb: null };
}

/**
 * Reads shards that come to those that a task has.
 * @throws TributaryError ADDRESS_INVALID
 */
export function planFurther(
  inputs: readonly AddressInput[],
  present: readonly { readonly id: string }[],
): PlannedShard[] {
  const ids = new Map(present.map(({ id }) => [id, 1] as const));
  return inputs.map((input, index) => {
    const path = `shards.${index}`;
    refuseControls(path, input);
    const name = input.name?.trim() || `shard-${present.length + index + 1}`;
    const { source, ...further } = placed(`${path}.address`, () =>
      parseSource(input.address, credentialsOf(input)),
    );
    return { id: uniqueId(name, ids), name, weight: 1, endpoint: source, ...further };
  });
}

function endpointOfInput(input: AddressInput): RedisEndpoint {
  const endpoint = parseEndpoint(input.address);
  const { username, password } = credentialsOf(input);
  return { ...endpoint, username: username ?? endpoint.username, password: password ?? endpoint.password };
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
  const [repeated] = repeatedDatabases(databases.pairs);
  if (repeated === undefined) return;
  const { source, destination } = databases.pairs[repeated.index]!;
  if (repeated.field === "source") {
    const detail = `database ${source} of the source is listed twice`;
    throw new TributaryError("INPUT_INVALID", { field: "Databases", detail });
  }
  const first = databases.pairs[repeated.first]!.source;
  throw new TributaryError("DATABASE_MAPPED_TWICE", { first, second: source, db: destination });
}
