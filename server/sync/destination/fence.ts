import type { Redis } from "ioredis";
import { TributaryError } from "../../errors/tributary-error.ts";
import { LOST, readCheckpointState } from "../checkpoint/checkpoint-state.ts";
import { checkpointKey, epochField } from "../checkpoint/own-keys.ts";
import type { ShardSyncSpec } from "../spec/shard-sync-spec.ts";

/** The field of the epoch as the destination holds it; null or undefined where it holds none. */
type HeldEpoch = string | null | undefined;

/**
 * Of two engines, the one with the lower epoch is fenced off. A session asks at its start and at each look of its control
 * client, a reconcile whenever it reads the siblings' states. Before any of that, take-over.ts disconnects the other
 * engine's writers. An epoch that is gone, or behind, went with the data: the checkpoint's state says so, not the fence.
 * @throws TributaryError FENCED when another engine has taken a higher one.
 */
export function requireEpoch(held: HeldEpoch, own: number, spec: Pick<ShardSyncSpec, "shardName">): void {
  if (Number(held ?? 0) > own) throw new TributaryError("FENCED", { role: `shard ${spec.shardName}` });
}

/** Whether the destination has lost the epoch, or has gone back behind it. */
export function epochIsBehind(held: HeldEpoch, own: number): boolean {
  return Number(held ?? 0) < own;
}

/**
 * The epoch under which this shard sync writes. A new one is above the time: the destination may have forgotten the
 * epoch of an engine that has not noticed yet, since it was flushed or went back, and of two engines the later needs the
 * higher one. One that the destination has gone back behind (it was restored, or a replica took its place) is written
 * again; one that is higher is another engine's. A checkpoint without an epoch was written by a connection that
 * outlived a FLUSHALL: the data before it is gone, which is noted before there is an epoch again.
 * @param before the one that this shard sync has taken; null takes a new one.
 * @param now ms since the epoch of Unix.
 * @throws TributaryError FENCED when another engine has taken a higher one.
 */
export async function takeEpoch(
  control: Redis,
  spec: ShardSyncSpec,
  before: number | null,
  now: () => number = Date.now,
): Promise<{ readonly epoch: number; readonly wasGone: boolean }> {
  const key = checkpointKey(spec.taskId);
  const field = epochField(spec.shardId);
  const [held, checkpoint] = await control.hmget(key, field, spec.shardId);
  const wasGone = held == null;
  if (wasGone && readCheckpointState(checkpoint ?? null).kind === "at")
    await control.hset(key, spec.shardId, LOST);
  if (before === null) {
    if (wasGone) await control.hsetnx(key, field, now());
    else await control.hincrby(key, field, Math.max(0, now() - Number(held)));
    return { epoch: await control.hincrby(key, field, 1), wasGone };
  }
  requireEpoch(held, before, spec);
  if (epochIsBehind(held, before)) await control.hset(key, field, before);
  return { epoch: before, wasGone };
}
