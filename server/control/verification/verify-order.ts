import type { VerifyDepth } from "../../verify/verify-spec.ts";

/** Which keys are looked at. */
export type VerifyScope = {
  /** Percent, above 0 and up to 100. */
  readonly sample: number;
  /** Of key names, in base64; null for all keys. */
  readonly prefix: string | null;
  /** The id of the only shard whose keys are looked at; null for all. */
  readonly shardId: string | null;
};

/** All keys of all shards. */
export function isWhole({ sample, prefix, shardId }: VerifyScope): boolean {
  return sample >= 100 && prefix === null && shardId === null;
}

/** null is without a limit. */
export type VerifyPace = { readonly keysPerSecond: number | null; readonly bytesPerSecond: number | null };

/** What a user asks for. */
export type VerifyOrder = VerifyScope &
  VerifyPace & {
    readonly depth: VerifyDepth;
    /** Replicas of the shards are read in the place of their masters. */
    readonly replicas?: boolean;
  };
