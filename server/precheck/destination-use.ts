import type { RedisEndpoint } from "../redis/endpoint.ts";
import { sampleKeys } from "./key-samples.ts";
import type { DatabasePair, MergeQuestion } from "./precheck-input.ts";
import type { DestinationUse } from "./precheck-report.ts";
import type { ServerAnswers, ShardAnswers } from "./server-answers.ts";

/** The databases that a server mostly has. */
const usualDatabases = 16;

/**
 * What lies where the task will write, and what a sample of the shards' keys comes to there.
 * @returns null where the destination could not be asked.
 * @throws only the signal's reason.
 */
export async function destinationUse(options: {
  readonly shards: readonly ShardAnswers[];
  readonly answers: ServerAnswers;
  readonly destination: RedisEndpoint;
  readonly databases: readonly DatabasePair[] | null;
  readonly merge: MergeQuestion;
  readonly signal?: AbortSignal;
}): Promise<DestinationUse | null> {
  const { shards, answers, destination, databases, merge, signal } = options;
  const { facts, ownKeys, neighbors } = answers;
  if (facts === null || answers.failure !== null) return null;
  const written = new Set((databases ?? []).map((pair) => pair.destination));
  if (databases === null) {
    for (const shard of shards) for (const { db } of shard.facts?.keyspace ?? []) written.add(db);
  }
  const keys = facts.keyspace
    .map(({ db, keys }) => ({ db, keys: keys - (ownKeys.get(db) ?? 0) }))
    .filter(({ db, keys }) => written.has(db) && keys > 0);
  const used = new Set([...facts.keyspace.map(({ db }) => db), ...written]);
  for (const { databases: theirs } of neighbors) for (const db of theirs ?? []) used.add(db);
  const free = Array.from({ length: usualDatabases }, (_, db) => db).find((db) => !used.has(db));
  const { ring } = merge;
  // What a task that runs already brought lies on the destination: a sample would say no more than that.
  const began = merge.began || answers.began;
  const samples = began ? null : await sampleKeys({ shards, destination, databases, ring, signal });
  return { began, keys, neighbors, samples, freeDatabase: free ?? null };
}
