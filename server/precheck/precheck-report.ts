import type { ErrorCode } from "../errors/catalogue.ts";
import type { PlainReason } from "../errors/tributary-error.ts";
import type { RedisEndpoint } from "../redis/endpoint.ts";
import type { DatabaseKeys, ServerFacts } from "../redis/server-info.ts";
import type { SourceAddresses } from "../redis/source-addresses.ts";
import type { NutcrackerPool } from "../twemproxy/nutcracker-pool.ts";
import type { KeySamples } from "./key-samples.ts";
import type { NeighborTask } from "./neighbor-tasks.ts";
import type { ShardServers } from "./shard-servers.ts";
import type { StatsAnswer, StatsQuestion } from "./stats-probe.ts";

/** With further servers and Sentinels where it has any. */
export type ShardAddress = Partial<Pick<SourceAddresses, "alternatives" | "sentinel">> & {
  readonly id: string;
  /** How messages call it, e.g. the server's name in nutcracker.yml. */
  readonly name: string;
  readonly endpoint: RedisEndpoint;
};

export type DatabasePair = { readonly source: number; readonly destination: number };

/** How a pool distributes its keys, by the ids of the shards. */
export type MergeRing = Pick<NutcrackerPool, "hash" | "hashTag" | "distribution"> & {
  readonly servers: readonly { readonly name: string; readonly weight: number; readonly shardId: string }[];
};

/** What the task is to do with the keys of a destination, and what is known of it. */
export type MergeQuestion = {
  /** null for a task that does not exist yet. */
  readonly taskId: string | null;
  /** It has written to the destination before: what lies there may be its own. */
  readonly began: boolean;
  readonly destinationKeys: "must-be-empty" | "overwrite" | "keep";
  /** null where the shards were given by hand, or the pool distributes at random. */
  readonly ring: MergeRing | null;
  /** Names of a pool that turn out to be one server will be read once: they are no mistake. */
  readonly readsOnce: boolean;
};

export type PrecheckInput = {
  readonly shards: readonly ShardAddress[];
  readonly destination: RedisEndpoint;
  /** Which source database goes where; null is every database to the same number. */
  readonly databases: readonly DatabasePair[] | null;
  /** The source database of the heartbeat key; null writes none. */
  readonly heartbeatDb: number | null;
  /** What the pool says; left out for shards that were given by hand. */
  readonly autoEjectHosts?: boolean;
  /** Left out where no address of a running nutcracker's statistics was given. */
  readonly stats?: StatsQuestion;
  readonly merge: MergeQuestion;
  readonly signal?: AbortSignal;
};

export type CheckLevel = "ok" | "warning" | "error";

/** What one check says about one server, or about the task as a whole. */
export type CheckResult = {
  /** The check's name, which is stable: e.g. psync-permitted. */
  readonly id: string;
  /** An error keeps the task from starting; a warning does not. */
  readonly level: CheckLevel;
  /** "shard alpha-1", "destination" or "task". */
  readonly subject: string;
  readonly title: string;
  readonly message: string;
  /** The present value of what was looked at, e.g. 1 MiB. */
  readonly current: string | null;
  /** What to do; null when nothing needs doing. */
  readonly remedy: string | null;
  readonly code: ErrorCode | null;
};

type ProbeSummary = {
  /** host:port. */
  readonly address: string;
  /** It answered as a Redis-Server that can be used; what else is known is null or empty where it did not. */
  readonly reachable: boolean;
  readonly flavor: string | null;
  readonly version: string | null;
  readonly mode: string | null;
  readonly role: string | null;
  readonly runId: string | null;
  readonly keyspace: readonly DatabaseKeys[];
  /** Bytes. */
  readonly usedMemory: number | null;
};

export type ShardProbe = ProbeSummary & {
  readonly id: string;
  readonly name: string;
  /** Bytes of the data alone; null before 4.0. */
  readonly usedMemoryDataset: number | null;
  /** Bytes. */
  readonly backlogSize: number | null;
  readonly connectedReplicas: number | null;
};

export type DestinationProbe = ProbeSummary & {
  /** Bytes; 0 is without limit. */
  readonly maxMemory: number | null;
  readonly maxMemoryPolicy: string | null;
};

/** What lies on the destination before a task begins, and who else writes there. */
export type DestinationUse = {
  /** The task has been here before: what lies there may be its own. */
  readonly began: boolean;
  /** The databases that will be written and hold keys; Tributary's own are left out as far as they were counted. */
  readonly keys: readonly { readonly db: number; readonly keys: number }[];
  readonly neighbors: readonly NeighborTask[];
  /** null where no key could be looked at, or none needs to be. */
  readonly samples: KeySamples | null;
  /** The lowest database that holds nothing; null where there is none below 16. */
  readonly freeDatabase: number | null;
};

export type PrecheckReport = {
  /** True when no check has the level error. */
  readonly ok: boolean;
  readonly checks: readonly CheckResult[];
  readonly shards: readonly ShardProbe[];
  readonly destination: DestinationProbe;
  /** null where the destination could not be asked. */
  readonly use: DestinationUse | null;
};

/** What was asked of a server and what it said; checks judge it without asking again. */
export type ServerAnswers = {
  /** "shard alpha-1" or "destination": the subject of results. */
  readonly subject: string;
  /** The same as errors call it: "shard alpha-1" or "the destination". */
  readonly role: string;
  readonly address: string;
  /** Why it cannot be used; null when it can. */
  readonly failure: PlainReason | null;
  /** null where INFO is not permitted. */
  readonly facts: ServerFacts | null;
  /** Settings by name; one that CONFIG GET does not give is missing. */
  readonly settings: ReadonlyMap<string, string>;
  /** How many databases there are when one that is needed is missing; null when all are there. */
  readonly databaseCount: number | null;
  /** By command: why it is refused, null for permitted, undefined for not known. */
  readonly refusals: ReadonlyMap<string, PlainReason | null>;
  /** Keys of Tributary's own, by database, as far as they were counted. */
  readonly ownKeys: ReadonlyMap<number, number>;
  /** Of the destination: other tasks that write to it. */
  readonly neighbors: readonly NeighborTask[];
  /** Of the destination: a checkpoint of the task itself lies there. */
  readonly began: boolean;
};

/** The answers of the server that a shard is read from, and what is known of its other servers. */
export type ShardAnswers = ServerAnswers & {
  readonly shard: ShardAddress;
  /** null for a shard with one address. */
  readonly others: ShardServers | null;
};

/** All that a check may look at. */
export type Precheck = {
  readonly shards: readonly ShardAnswers[];
  readonly destination: ServerAnswers;
  readonly databases: readonly DatabasePair[] | null;
  readonly heartbeatDb: number | null;
  /** null for shards that were given by hand. */
  readonly autoEjectHosts: boolean | null;
  /** null where no address of statistics was given. */
  readonly stats: StatsAnswer | null;
  readonly merge: MergeQuestion;
  readonly use: DestinationUse | null;
};

export type Check = (precheck: Precheck) => CheckResult[];
