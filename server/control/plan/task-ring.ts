import { TributaryError } from "../../errors/tributary-error.ts";
import type { MergePolicy, MergeSpec } from "../../merge/merge-policy.ts";
import type { FlushPolicy } from "../../sync/spec/shard-sync-spec.ts";
import type { NutcrackerPool } from "../../twemproxy/nutcracker-pool.ts";

/** How a pool distributes its keys, and which of the task's shards each name on the ring stands for. */
export type TaskRing = Pick<NutcrackerPool, "hash" | "hashTag" | "distribution"> & {
  /** In the order of the pool; several may be one shard. */
  readonly servers: readonly { readonly name: string; readonly weight: number; readonly shardId: string }[];
};

/** null for a pool that gives each key to any of its servers: there is no owner to ask for. */
export function ringOf(
  pool: Pick<NutcrackerPool, "hash" | "hashTag" | "distribution" | "servers">,
  shardIdOf: (server: string) => string,
): TaskRing | null {
  const { hash, hashTag, distribution } = pool;
  if (distribution === "random") return null;
  const servers = pool.servers.map(({ name, weight }) => ({ name, weight, shardId: shardIdOf(name) }));
  return { hash, hashTag, distribution, servers };
}

/**
 * The policy as it was chosen, else the safest that the ring allows.
 * @throws TributaryError INPUT_INVALID where a policy asks for owners and there is no ring.
 */
export function mergePolicyOf(wanted: MergePolicy | undefined, ring: TaskRing | null): MergePolicy {
  if (wanted === undefined) return ring === null ? "last-write" : "owner-wins";
  if (ring !== null || wanted === "last-write") return wanted;
  const detail = `${wanted} needs the ring of a pool, and these shards have none: choose last-write`;
  throw new TributaryError("INPUT_INVALID", { field: "Merge policy", detail });
}

/** @throws TributaryError INPUT_INVALID where a shard's own keys are meant and nobody can say which they are. */
export function flushPolicyOf(wanted: FlushPolicy | undefined, ring: TaskRing | null): FlushPolicy {
  if (wanted !== "own-keys" || ring !== null) return wanted ?? "skip";
  const detail = "own-keys needs the ring of a pool, and these shards have none: choose skip";
  throw new TributaryError("INPUT_INVALID", { field: "FLUSHALL", detail });
}

/** What a shard sync is told: names on the ring by the index of their shard. */
export function mergeSpecOf(task: {
  readonly mergePolicy: MergePolicy;
  readonly ring: TaskRing | null;
  readonly shards: readonly { readonly id: string }[];
}): MergeSpec {
  const { mergePolicy: policy, ring } = task;
  if (ring === null) return { policy, ring: null };
  const indexOf = new Map(task.shards.map(({ id }, index) => [id, index]));
  const servers = ring.servers.map(({ name, weight, shardId }) => ({
    name,
    weight,
    shardIndex: indexOf.get(shardId)!,
  }));
  return { policy, ring: { ...ring, servers } };
}
