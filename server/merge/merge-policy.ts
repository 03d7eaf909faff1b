import type { NutcrackerPool } from "../twemproxy/nutcracker-pool.ts";

/**
 * What the destination holds for a key that not only its owner has:
 * - owner-wins: the owner's value; of a key that its owner does not hold, that of a lone stray;
 * - owner-only: the owner's value or nothing;
 * - last-write: whatever was applied last. It needs no ring.
 */
export const mergePolicies = ["owner-wins", "owner-only", "last-write"] as const;
export type MergePolicy = (typeof mergePolicies)[number];

/** Twemproxy's key distribution, with the shard that each of the pool's names stands for. Plain data. */
export type RingSpec = Pick<NutcrackerPool, "hash" | "hashTag" | "distribution"> & {
  /** In the pool's order. Several names may stand for one shard. */
  readonly servers: readonly {
    readonly name: string;
    readonly weight: number;
    readonly shardIndex: number;
  }[];
};

/** How the shards of a task are merged. */
export type MergeSpec = {
  readonly policy: MergePolicy;
  /** null where shards were given by hand, or the pool distributes at random. */
  readonly ring: RingSpec | null;
};

/** For a task whose shards come without a ring. */
export const LAST_WRITE: MergeSpec = { policy: "last-write", ring: null };
