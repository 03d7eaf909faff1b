import type { ErrorCode } from "../errors/catalogue.ts";
import type { DatabaseKeys } from "../redis/server-info.ts";
import type { KeySamples } from "./key-samples.ts";
import type { DatabasePair, MergeQuestion } from "./precheck-input.ts";
import type { NeighborTask, ServerAnswers, ShardAnswers } from "./server-answers.ts";
import type { StatsAnswer } from "./stats-probe.ts";

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
