import type { PlainReason } from "../errors/tributary-error.ts";
import type { ServerFacts } from "../redis/server-info.ts";
import type { ShardAddress } from "./precheck-input.ts";
import type { ShardServers } from "./shard-servers.ts";

/** Another task, of this Tributary or of another, that writes to the same databases of the destination. */
export type NeighborTask = {
  readonly id: string;
  /** null for a task of a version that did not register: nothing but its checkpoint is seen. */
  readonly name: string | null;
  /** Where its Tributary runs; null where it does not say. */
  readonly host: string | null;
  readonly shards: readonly string[];
  /** Those of the destination that it writes; null is any. */
  readonly databases: readonly number[] | null;
  /** Those of its shards that it reads; null is any, or not said. */
  readonly sources: readonly number[] | null;
  /** It is connected and may write at any moment. Where CLIENT LIST is forbidden, it has been there lately. */
  readonly writing: boolean;
  /** ms since the epoch, by its own clock; null where it does not say. */
  readonly seenAt: number | null;
  /** When it wrote for the last time; null while it may go on. What it brought is still there. */
  readonly leftAt: number | null;
  /** The replication ids that its checkpoint names: which masters it reads. */
  readonly replids: readonly string[];
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
