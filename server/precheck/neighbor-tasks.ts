import type { Redis } from "ioredis";
import type { ServerFacts } from "../redis/server-info.ts";
import type { NeighborTask } from "./server-answers.ts";
import { isReply } from "./server-probe.ts";

/** Every task registers in this hash, in its checkpoint database; named here since the precheck stands beside the sync. */
const registryKey = "tributary:tasks";
const checkpointPrefix = "tributary:checkpoint:";
/** Tasks in one database that are looked at; nobody has that many. */
const mostTasks = 256;
/** SCANs of each database for the checkpoints of tasks that are in no registry, of so many keys each. */
const mostScans = 20;
const scanCount = 5_000;
const mostText = 128;
/** A task says about once a minute that it is there, and its clock may be another, ms. */
const latelyMs = 10 * 60_000;

type FoundTask = Omit<NeighborTask, "writing">;

/**
 * Looks in every database of the destination that holds keys. `own` says whether the task itself has been there.
 * @param written the databases that will be written; null is any.
 * @param ownId the id of the task that is checked; null for one that does not exist yet.
 * @throws what is no reply: a broken connection, a time-out.
 */
export async function findNeighborTasks(
  redis: Redis,
  facts: ServerFacts | null,
  written: readonly number[] | null,
  ownId: string | null,
): Promise<{ readonly neighbors: NeighborTask[]; readonly own: boolean }> {
  const found = new Map<string, FoundTask>();
  let own = false;
  try {
    for (const { db } of facts?.keyspace ?? []) {
      await redis.call("SELECT", db);
      if (ownId !== null) own ||= (await redis.call("EXISTS", `${checkpointPrefix}${ownId}`)) === 1;
      const registered = await readRegistry(redis);
      if (ownId !== null) own ||= registered.has(ownId);
      for (const [id, text] of registered) {
        const entry = readEntry(id, text);
        if (!overlaps(entry.databases, written)) continue;
        found.set(id, { ...entry, replids: (await readCheckpoint(redis, id)).replids });
      }
      // Where an older one writes is not known beyond its checkpoint, which lies in a database of its own.
      if (!overlaps([db], written)) continue;
      for (const id of await scanCheckpoints(redis)) {
        if (registered.has(id) || found.has(id)) continue;
        found.set(id, {
          id,
          name: null,
          host: null,
          ...(await readCheckpoint(redis, id)),
          databases: [db],
          sources: null,
          seenAt: null,
          leftAt: null,
        });
      }
    }
  } catch (error) {
    if (!isReply(error)) throw error;
  }
  if (ownId !== null) found.delete(ownId);
  const tasks = [...found.values()];
  const names = tasks.length === 0 ? [] : await connectionNames(redis);
  const neighbors = tasks.map((task) => ({ ...task, writing: isWriting(task, names) }));
  return { neighbors, own };
}

/** The names of all connections; null where they may not be seen. */
async function connectionNames(redis: Redis): Promise<readonly string[] | null> {
  try {
    const list = String(await redis.call("CLIENT", "LIST"));
    return list.split("\n").map((line) => /(?:^| )name=(\S*)/.exec(line)?.[1] ?? "");
  } catch (error) {
    if (!isReply(error)) throw error;
    return null;
  }
}

/** A task's writers name their connections after it. */
function isWriting({ id, seenAt, leftAt }: FoundTask, names: readonly string[] | null): boolean {
  if (names !== null) return names.some((name) => name.startsWith(`tributary:${id}:`));
  return leftAt === null && seenAt !== null && Math.abs(Date.now() - seenAt) < latelyMs;
}

async function readRegistry(redis: Redis): Promise<Map<string, string>> {
  try {
    const [, fields] = (await redis.call("HSCAN", registryKey, "0", "COUNT", mostTasks)) as [
      string,
      string[],
    ];
    const entries = new Map<string, string>();
    for (let at = 0; at + 1 < fields.length && entries.size < mostTasks; at += 2)
      entries.set(fields[at]!, fields[at + 1]!);
    return entries;
  } catch (error) {
    if (!isReply(error)) throw error;
    return new Map();
  }
}

/** An entry that cannot be read is a task all the same, of which nothing is known but its id. */
function readEntry(id: string, text: string): Omit<FoundTask, "replids"> {
  let value: Record<string, unknown> = {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null) value = parsed as Record<string, unknown>;
  } catch {
    // Left empty.
  }
  const { name, host, shards, databases, sources, seenAt, leftAt } = value;
  const names = Array.isArray(shards) ? shards.slice(0, mostTasks).map((shard) => textOf(shard?.name)) : [];
  return {
    id: id.slice(0, mostText),
    name: textOf(name),
    host: textOf(host),
    shards: names.filter((one) => one !== null),
    seenAt: momentOf(seenAt),
    leftAt: momentOf(leftAt),
    databases: numbersOf(databases),
    sources: numbersOf(sources),
  };
}

function numbersOf(value: unknown): number[] | null {
  return Array.isArray(value) && value.every((db) => Number.isInteger(db)) ? value : null;
}

function momentOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value.slice(0, mostText) : null;
}

function overlaps(theirs: readonly number[] | null, ours: readonly number[] | null): boolean {
  return theirs === null || ours === null || theirs.some((db) => ours.includes(db));
}

async function scanCheckpoints(redis: Redis): Promise<Set<string>> {
  const ids = new Set<string>();
  let cursor = "0";
  for (let scans = 0; scans < mostScans && ids.size < mostTasks; scans++) {
    const [next, keys] = (await redis.call(
      ...(["SCAN", cursor, "MATCH", `${checkpointPrefix}*`, "COUNT", String(scanCount)] as const),
    )) as [string, string[]];
    for (const key of keys) ids.add(key.slice(checkpointPrefix.length));
    cursor = next;
    if (cursor === "0") break;
  }
  return ids;
}

/**
 * The fields of a checkpoint are its shards, and what is kept of each: `<shard>` and `<shard>:epoch`. A shard's value
 * begins with the version of its form and the replication id.
 */
async function readCheckpoint(redis: Redis, id: string): Promise<Pick<NeighborTask, "shards" | "replids">> {
  const [, fields] = (await redis.call(
    ...(["HSCAN", `${checkpointPrefix}${id}`, "0", "COUNT", String(mostTasks)] as const),
  )) as [string, string[]];
  const shards: string[] = [];
  const replids: string[] = [];
  for (let at = 0; at + 1 < fields.length && shards.length < mostTasks; at += 2) {
    const name = fields[at]!;
    if (name.includes(":")) continue;
    shards.push(name);
    const replid = /^1 ([0-9a-f]{40}) /.exec(fields[at + 1]!)?.[1];
    if (replid !== undefined) replids.push(replid);
  }
  return { shards, replids };
}
