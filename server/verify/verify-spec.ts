import type { MergeSpec } from "../merge/merge-policy.ts";
import type { RedisEndpoint } from "../redis/endpoint.ts";
import type { SourceAddresses } from "../redis/source-addresses.ts";
import type { DatabaseMap } from "../sync/spec/shard-sync-spec.ts";

/**
 * - counts: how many keys there are, in seconds;
 * - keys: that each exists, with its type;
 * - full: its value and its expiry, too.
 */
export const verifyDepths = ["counts", "keys", "full"] as const;
export type VerifyDepth = (typeof verifyDepths)[number];

export type VerifiedShard = SourceAddresses & { readonly shardId: string; readonly shardName: string };

/** Which keys are looked at. */
export type VerifyRange = {
  /** Percent, above 0 and up to 100; which keys these are depends on their names only. */
  readonly sample: number;
  /** Of key names; null for all. */
  readonly prefix: Buffer | null;
  /** The index of the only shard whose keys are looked at; null for all. */
  readonly shard: number | null;
};

/** All that a verification needs to know: plain data. */
export type VerifySpec = {
  readonly taskId: string;
  /** By their index in the task. */
  readonly shards: readonly VerifiedShard[];
  readonly destination: RedisEndpoint;
  readonly databases: DatabaseMap;
  readonly merge: MergeSpec;
  readonly checkpointDb: number;
  readonly depth: VerifyDepth;
  readonly range: VerifyRange;
  /** Replicas of the shards are read in the place of their masters, where they answer. */
  readonly replicas?: boolean;
  /** A folder of this verification's own, for fingerprints that do not fit into memory. */
  readonly directory: string;
};

/** How patient and how bounded a verification is. */
export type VerifyLimits = {
  /** Looks at a key that differs, before it counts as busy. */
  readonly rounds: number;
  /** ms for which the destination's checkpoint is waited for. */
  readonly patienceMs: number;
  /** Bytes from which on a value is compared in pieces. */
  readonly pieceBytes: number;
  /** Differences that are kept with their details; all are counted. */
  readonly listed: number;
  /** Keys whose fingerprints are kept in memory; with more they lie on the disk. */
  readonly keysInMemory: number;
};

export const defaultLimits: VerifyLimits = {
  rounds: 10,
  patienceMs: 30_000,
  // A DUMP of 1 MiB takes a server 5 to 17 ms, of this less than 5.
  pieceBytes: 256 * 1024,
  listed: 10_000,
  keysInMemory: 3_000_000,
};
