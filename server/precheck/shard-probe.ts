import { type PlainReason, toReason } from "../errors/tributary-error.ts";
import { formatAddress } from "../redis/endpoint.ts";
import type { DatabasePair, ShardAddress } from "./precheck-input.ts";
import { queueCommands } from "./queued-commands.ts";
import type { ShardAnswers } from "./server-answers.ts";
import { type Conversation, isMissingPermission, noAnswers, probeServer } from "./server-probe.ts";
import { findShardServers, type ShardServers } from "./shard-servers.ts";

/** The heartbeat's key is that of the requirement; it is named here since the precheck stands beside the sync. */
const heartbeatKey = "DTS_REDIS_TIMESTAMP_HEARTBEAT";

/** Asks a shard what the checks of the source want to know. */
export async function probeShard(
  shard: ShardAddress,
  databases: readonly DatabasePair[] | null,
  heartbeatDb: number | null,
  signal: AbortSignal | undefined,
): Promise<ShardAnswers> {
  const role = `shard ${shard.name}`;
  const named = { subject: role, role };
  let others: ShardServers | null;
  try {
    others = await findShardServers(shard, role, signal);
  } catch (error) {
    signal?.throwIfAborted();
    const address = formatAddress(shard.endpoint);
    return { ...noAnswers({ ...named, address, failure: toReason(error) }), shard, others: null };
  }
  const answers = await probeServer({
    ...named,
    endpoint: others?.chosen ?? shard.endpoint,
    settings: ["client-output-buffer-limit", "min-*-to-write", "proto-max-bulk-len"],
    databasesNeeded: () => [...(databases ?? []).map((pair) => pair.source), heartbeatDb ?? 0],
    more: async (conversation) => {
      const refusals = new Map<string, PlainReason | null>();
      const redis = await conversation.open();
      try {
        await probeReplication(conversation, redis, refusals);
      } finally {
        redis.disconnect();
      }
      if (heartbeatDb !== null) {
        const asked = await queueCommands(conversation, conversation.redis, [
          ["SETEX", heartbeatKey, "1", "0"],
        ]);
        const refusal = asked.get("SETEX");
        if (refusal !== undefined) refusals.set("SETEX", refusal);
      }
      return { refusals };
    },
    signal,
  });
  return { ...answers, shard, others };
}

/**
 * Whether PSYNC and REPLCONF are permitted, without a synchronization being begun. PSYNC is queued in MULTI
 * where that is allowed (before 7.0); from 7.0 on it may not stand there, but an offset that is no number is
 * refused after the ACL has been asked and before anything starts (redis: replication.c syncCommand; before
 * 7.0 that very offset would begin a full synchronization, so the order matters).
 */
async function probeReplication(
  conversation: Conversation,
  redis: Conversation["redis"],
  refusals: Map<string, PlainReason | null>,
): Promise<void> {
  refusals.set(
    "REPLCONF",
    await redis.call("REPLCONF").then(
      () => null,
      (error: unknown) => (isMissingPermission(error) ? conversation.refusal(error, "REPLCONF") : null),
    ),
  );
  const queued = await queueCommands(conversation, redis, [["PSYNC", "?", "-1"]]);
  const inMulti = queued.get("PSYNC");
  const version = conversation.facts === null ? null : Number.parseInt(conversation.facts.redisVersion, 10);
  const refusesMulti = inMulti != null && /inside a transaction|not allowed in MULTI/i.test(inMulti.message);
  if (inMulti !== undefined && !refusesMulti) {
    refusals.set("PSYNC", inMulti);
    return;
  }
  // Only a server that is known to be of 7.0 or later is asked in the second way.
  if (!refusesMulti && (version === null || version < 7)) return;
  refusals.set(
    "PSYNC",
    await redis.call("PSYNC", "?", "none").then(
      () => null,
      (error: unknown) => (isMissingPermission(error) ? conversation.refusal(error, "PSYNC") : null),
    ),
  );
}
