import { type Redis, ReplyError } from "ioredis";
import { TributaryError } from "../../errors/tributary-error.ts";
import { NO_CLIENT_ID } from "../../redis/harmless-commands.ts";
import { checkpointKey, epochField } from "../checkpoint/own-keys.ts";
import type { ShardSyncSpec } from "../spec/shard-sync-spec.ts";
import { LOST, readStanding } from "./standing.ts";

/** Rounds of CLIENT LIST and CLIENT KILL until no former writer is left. */
const KILL_ROUNDS = 50;

/**
 * The epoch under which this shard sync writes. A new one is above the time: the destination may have forgotten the
 * epoch of an engine that has not noticed yet, since it was flushed or went back, and of two engines the later needs the
 * higher one. One that the destination has gone back behind (it was restored, or a replica took its place) is written
 * again; one that is higher is another engine's. A checkpoint without an epoch was written by a connection that
 * outlived a FLUSHALL: the data before it is gone, which is noted before there is an epoch again.
 * @param now ms since the epoch of Unix.
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
  if (wasGone && readStanding(checkpoint ?? null).kind === "at") await control.hset(key, spec.shardId, LOST);
  if (before === null) {
    if (wasGone) await control.hsetnx(key, field, now());
    else await control.hincrby(key, field, Math.max(0, now() - Number(held)));
    return { epoch: await control.hincrby(key, field, 1), wasGone };
  }
  if (Number(held ?? 0) > before) throw new TributaryError("FENCED", { role: `shard ${spec.shardName}` });
  if (Number(held ?? 0) < before) await control.hset(key, field, before);
  return { epoch: before, wasGone };
}

/**
 * Disconnects every connection whose name begins with `prefix` and waits until none is left: what such a
 * connection had sent and the server had not yet read is then discarded with it.
 * redis: networking.c clientCommand (KILL ID), freeClient
 */
export async function disconnectOthers(control: Redis, prefix: string): Promise<string | null> {
  try {
    // Asked of nobody first: without a former connection it would not be seen that it is forbidden.
    await control.client("KILL", "ID", NO_CLIENT_ID);
    for (let round = 0; round < KILL_ROUNDS; round++) {
      const list = String(await control.client("LIST"));
      const ids: string[] = [];
      for (const line of list.split("\n")) {
        const id = /(?:^| )id=(\d+)/.exec(line)?.[1];
        const name = /(?:^| )name=(\S*)/.exec(line)?.[1];
        if (id !== undefined && name?.startsWith(prefix)) ids.push(id);
      }
      if (ids.length === 0) return null;
      for (const id of ids) await control.client("KILL", "ID", id);
    }
    return "its connections would not close";
  } catch (error) {
    // A connection that breaks here says nothing about what is permitted.
    if (!(error instanceof ReplyError)) throw error;
    return String((error as Error).message);
  }
}
