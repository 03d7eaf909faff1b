import type { Redis } from "ioredis";
import { parseInfo, serverFacts } from "../../redis/server-info.ts";
import { checkpointKey, TASKS_KEY } from "../checkpoint/own-keys.ts";
import type { ShardSyncSpec } from "../spec/shard-sync-spec.ts";
import { formatTaskEntry, parseTaskEntry, type TaskEntry } from "./task-entry.ts";

/** ms between two notes that a task is still there. */
const SEEN_MS = 60_000;
/** ms between an entry and the first write of its task, in which those who are there already take note of it. */
const NOTICE_MS = 3000;
/** Pages of 1000 keys that are looked through for tasks of versions that had no entry yet. */
const MOST_PAGES = 1000;

/** Another task that writes, or has written, into a database of the destination that this one writes into. */
export type Neighbor = { readonly taskId: string } & Pick<TaskEntry, "name" | "shards" | "host" | "leftAt">;

/**
 * The other tasks on the destination. Each names itself in a hash there before its first write, in the database that
 * holds its checkpoint, and leaves its entry when it goes as long as others are there: what it brought stays.
 */
export class Neighbors {
  readonly #spec: ShardSyncSpec;
  readonly #now: () => number;
  /** Whether there ever was any since the task began; what lies on the destination may be what they brought. */
  ever = false;
  #list: readonly Neighbor[] = [];
  #unnamed: readonly string[] = [];
  #own: TaskEntry | null = null;

  constructor(spec: ShardSyncSpec, now: () => number) {
    this.#spec = spec;
    this.#now = now;
  }

  /** Those that were there at the last look. */
  get list(): readonly Neighbor[] {
    return this.#list;
  }

  get any(): boolean {
    return this.#list.length > 0;
  }

  /** Their names, for a message. */
  get names(): string {
    return this.#list.map(({ name }) => name).join(", ");
  }

  /**
   * Looks who is there, each time anew. `client`'s selected database is `spec.checkpointDb` before and after.
   * @returns this task's own entry; null where it has none.
   */
  async look(client: Redis): Promise<TaskEntry | null> {
    const { taskId, checkpointDb } = this.#spec;
    const found = new Map<string, TaskEntry>();
    for (const db of await databasesWithKeys(client, checkpointDb)) {
      for (const [id, text] of await entriesOf(client, db, checkpointDb))
        found.set(id, parseTaskEntry(id, text));
    }
    this.#own = found.get(taskId) ?? null;
    found.delete(taskId);
    const named = [...found].filter(([, entry]) => overlaps(this.#databases, entry.databases));
    const unnamed = this.#unnamed.filter((id) => !found.has(id));
    this.#list = [
      ...named.map(([id, { name, shards, host, leftAt }]) => ({ taskId: id, name, shards, host, leftAt })),
      ...unnamed.map((id) => ({ taskId: id, name: id, shards: [], host: "", leftAt: null })),
    ];
    this.ever ||= this.any;
    return this.#own;
  }

  /** Looks for the checkpoints of tasks that have no entry; for what a task does first, since it takes a while. */
  async lookForUnnamed(client: Redis): Promise<void> {
    const { taskId, checkpointDb } = this.#spec;
    const prefix = checkpointKey("");
    const ids = new Set<string>();
    try {
      for (const db of await databasesWithKeys(client, checkpointDb)) {
        await client.select(db);
        let cursor = "0";
        let pages = 0;
        do {
          const [next, keys] = await client.scan(cursor, "MATCH", `${prefix}*`, "COUNT", 1000);
          cursor = next;
          for (const key of keys) ids.add(key.slice(prefix.length));
        } while (cursor !== "0" && ++pages < MOST_PAGES);
      }
    } finally {
      await client.select(checkpointDb);
    }
    this.met([...ids].filter((id) => id !== taskId));
  }

  /** Tasks of which only the checkpoint was found. */
  met(taskIds: readonly string[]): void {
    const all = new Set([...this.#unnamed, ...taskIds.filter((id) => id !== this.#spec.taskId)]);
    this.#unnamed = [...all];
  }

  /**
   * Names this task to the others, or says that it is still there.
   * @returns ms that are to pass before it writes: others have to take note of it.
   */
  async enter(client: Redis): Promise<number> {
    const { taskId, taskName, shardId, shardName, siblings } = this.#spec;
    const now = this.#now();
    const own = this.#own;
    const due = own === null || own.leftAt !== null || Math.abs(now - own.seenAt) > SEEN_MS;
    const startedAt = own?.startedAt ?? now;
    if (due) {
      const shards = [{ shardId, shardName }, ...siblings];
      const entry = {
        name: taskName,
        shards: shards.map((shard) => ({ id: shard.shardId, name: shard.shardName })),
        databases: this.#databases,
        sources: this.#sources,
        startedAt,
        seenAt: now,
      };
      await client.hset(TASKS_KEY, taskId, formatTaskEntry(entry));
      this.#own = parseTaskEntry(taskId, formatTaskEntry(entry));
    }
    return this.any ? Math.max(0, Math.min(NOTICE_MS, startedAt + NOTICE_MS - now)) : 0;
  }

  get #sources(): readonly number[] | null {
    const { databases } = this.#spec;
    return databases.kind === "all" ? null : databases.pairs.map(({ source }) => source);
  }

  get #databases(): readonly number[] | null {
    const { databases } = this.#spec;
    return databases.kind === "all" ? null : databases.pairs.map(({ destination }) => destination);
  }
}

/**
 * This task writes no more. Its entry stays, as one that has left, as long as others are there: they may not take what
 * it has brought for their own. The last one that leaves takes the entries of all with it.
 * @param client has the database selected that holds the task's checkpoint.
 */
export async function leaveNeighbors(
  client: Redis,
  taskId: string,
  checkpointDb: number,
  now: number,
): Promise<void> {
  const own = await client.hget(TASKS_KEY, taskId);
  if (own === null) return;
  let others = 0;
  for (const db of await databasesWithKeys(client, checkpointDb)) {
    for (const [id, text] of await entriesOf(client, db, checkpointDb)) {
      if (id !== taskId && parseTaskEntry(id, text).leftAt === null) others++;
    }
  }
  if (others === 0) await client.del(TASKS_KEY);
  else await client.hset(TASKS_KEY, taskId, formatTaskEntry({ ...parseTaskEntry(taskId, own), leftAt: now }));
}

function overlaps(own: readonly number[] | null, other: readonly number[] | null): boolean {
  return own === null || other === null || own.some((db) => other.includes(db));
}

async function databasesWithKeys(client: Redis, checkpointDb: number): Promise<Set<number>> {
  const { keyspace } = serverFacts(parseInfo(await client.info("keyspace")));
  return new Set([checkpointDb, ...keyspace.map(({ db }) => db)]);
}

/** One write: nobody else's command comes between, in another database. */
async function entriesOf(client: Redis, db: number, back: number): Promise<[string, string][]> {
  const answers = await client.pipeline().select(db).hgetall(TASKS_KEY).select(back).exec();
  for (const [error] of answers ?? []) if (error !== null) throw error;
  return Object.entries((answers?.[1]?.[1] ?? {}) as Record<string, string>);
}
