import type { Redis } from "ioredis";
import type { RedisEndpoint } from "../redis/endpoint.ts";
import { NO_CLIENT_ID } from "../redis/harmless-commands.ts";
import type { ServerFacts } from "../redis/server-info.ts";
import { findNeighborTasks } from "./neighbor-tasks.ts";
import type { DatabasePair } from "./precheck-input.ts";
import { queueCommands } from "./queued-commands.ts";
import type { ServerAnswers } from "./server-answers.ts";
import { isMissingPermission, isReply, probeServer } from "./server-probe.ts";

const key = "tributary:precheck";

/** One command for each kind of permission that applying needs; they are queued and never run. */
const writes: readonly (readonly [string, ...string[]])[] = [
  ["SET", key, "0"],
  ["RESTORE", key, "0", "0"],
  ["DEL", key],
  ["HSET", key, "a", "0"],
  ["HGETALL", key],
  ["HINCRBY", key, "a", "1"],
  ["RPUSH", key, "0"],
  ["SADD", key, "0"],
  ["SREM", key, "0"],
  ["ZADD", key, "0", "a"],
  ["PEXPIREAT", key, "1"],
  ["EVAL", "return 0", "0"],
  ["SELECT", "0"],
  ["SCAN", "0"],
];

/** How a former engine is disconnected. */
const clientCommands: readonly (readonly [string, ...string[]])[] = [["LIST"], ["KILL", "ID", NO_CLIENT_ID]];

/** More than anyone has set; finding out how many there are takes 14 SELECTs. */
const manyDatabases = 16_384;

/** Databases of more keys than this are not looked through for Tributary's own. */
const fewKeys = 1000;

/** Asks the destination what the checks of the destination want to know. Nothing is written. */
export function probeDestination(
  endpoint: RedisEndpoint,
  databases: readonly DatabasePair[] | null,
  taskId: string | null,
  signal: AbortSignal | undefined,
): Promise<ServerAnswers> {
  return probeServer({
    subject: "destination",
    role: "the destination",
    endpoint,
    // INFO tells of the first two from 3.2 on.
    settings: ["maxmemory", "maxmemory-policy", "proto-max-bulk-len", "client-query-buffer-limit"],
    // Which databases the shards use is not known yet: so many that all are counted.
    databasesNeeded: () => (databases === null ? [manyDatabases] : databases.map((pair) => pair.destination)),
    more: async (conversation) => {
      const { redis, facts } = conversation;
      if (facts?.mode === "cluster") return {};
      const refusals = await queueCommands(conversation, redis, writes);
      for (const [name, ...args] of clientCommands) {
        const refusal = await redis.call("CLIENT", name, ...args).then(
          () => null,
          (error: unknown) =>
            isMissingPermission(error) ? conversation.refusal(error, `CLIENT ${name}`) : null,
        );
        refusals.set(`CLIENT ${name}`, refusal);
      }
      const written = databases?.map((pair) => pair.destination) ?? null;
      const { neighbors, own: began } = await findNeighborTasks(redis, facts, written, taskId);
      return { refusals, neighbors, began, ownKeys: await countOwnKeys(redis, facts) };
    },
    signal,
  });
}

async function countOwnKeys(redis: Redis, facts: ServerFacts | null): Promise<Map<number, number>> {
  const counts = new Map<number, number>();
  try {
    for (const { db, keys } of facts?.keyspace ?? []) {
      if (keys > fewKeys) continue;
      await redis.call("SELECT", db);
      const [, found] = (await redis.call("SCAN", "0", "MATCH", "tributary:*", "COUNT", fewKeys * 10)) as [
        string,
        string[],
      ];
      counts.set(db, found.length);
    }
  } catch (error) {
    if (!isReply(error)) throw error;
  }
  return counts;
}
