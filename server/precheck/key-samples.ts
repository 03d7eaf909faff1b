import type { Redis } from "ioredis";
import { openClient } from "../redis/client.ts";
import type { RedisEndpoint } from "../redis/endpoint.ts";
import { createRing } from "../twemproxy/ring.ts";
import type { DatabasePair, MergeRing } from "./precheck-input.ts";
import type { ShardAnswers } from "./server-answers.ts";
import { isReply, probeTimeoutMs } from "./server-probe.ts";

/** What a sample of the shards' keys says of how they would become one. */
export type KeySamples = {
  /** Keys that were looked at. */
  readonly sampled: number;
  /** Of those: keys that the destination holds already. */
  readonly onDestination: number;
  /** With a ring: keys on a shard that does not own them, whose owner holds them too, or does not. */
  readonly stale: number;
  readonly lone: number;
  /** Without a ring: keys that another shard holds too. */
  readonly collisions: number;
  /** At most 5 of each kind. */
  readonly examples: readonly KeyExample[];
};

export type KeyExample = {
  readonly kind: "on-destination" | "stale" | "lone" | "collision";
  /** Cut to 64 characters, unprintable bytes as \xNN. */
  readonly key: string;
  /** The source's database. */
  readonly db: number;
  readonly shard: string;
  /** The other shard that holds it, or owns it; null where none is meant. */
  readonly other: string | null;
};

type SampledKey = { readonly shard: number; readonly pair: DatabasePair; readonly key: Buffer };

/** Keys of each shard; a look at some hundreds finds what is common, and takes some milliseconds. */
const keysOfShard = 500;
const mostDatabases = 8;
/** Questions to other shards, of all shards together: without a ring every other shard is asked about each key. */
const mostQuestions = 50_000;
const mostExamples = 5;

/**
 * Takes some keys of every shard and asks who else has them: with a ring their owners, without one the other
 * shards, and the destination. Shards that cannot be asked are left out; it reads only.
 * @returns null where no key could be looked at.
 * @throws only the signal's reason.
 */
export async function sampleKeys(options: {
  readonly shards: readonly ShardAnswers[];
  readonly destination: RedisEndpoint;
  readonly databases: readonly DatabasePair[] | null;
  readonly ring: MergeRing | null;
  readonly signal: AbortSignal | undefined;
}): Promise<KeySamples | null> {
  const { shards, destination, signal } = options;
  const endpoints = shards.map((shard) =>
    shard.failure === null && shard.facts !== null ? (shard.others?.chosen ?? shard.shard.endpoint) : null,
  );
  const clients = await Promise.all(endpoints.map((one) => (one === null ? null : enter(one, signal))));
  const target = await enter(destination, signal);
  try {
    const sampled = await Promise.all(
      clients.map((client, index) => (client === null ? [] : take(client, index, options))),
    );
    const keys = sampled.flat();
    if (keys.length === 0) return null;
    const judge = new Judge(
      shards.map(({ shard }) => shard.name),
      keys.length,
    );
    if (target !== null) {
      const there = await ask(target, keys, (key) => key.pair.destination);
      for (const [at, key] of keys.entries()) if (there[at]) judge.note("on-destination", key, null);
    }
    const owners = ownersOf(options);
    if (owners === null) await judgeCollisions(judge, clients, keys);
    else await judgeStrays(judge, clients, keys, owners);
    return judge.result();
  } finally {
    for (const client of [...clients, target]) client?.disconnect();
  }
}

/** The shard that owns a key, by its index; null without a ring, and where no two shards are on it. */
function ownersOf(options: Parameters<typeof sampleKeys>[0]): ((key: Buffer) => number | null) | null {
  const { ring, shards } = options;
  if (ring === null) return null;
  const indexes = ring.servers.map(({ shardId }) => shards.findIndex(({ shard }) => shard.id === shardId));
  const { ownerOf } = createRing(ring);
  return (key) => {
    const server = ownerOf(key);
    const index = server === null ? -1 : indexes[server]!;
    return index < 0 ? null : index;
  };
}

async function judgeStrays(
  judge: Judge,
  clients: readonly (Redis | null)[],
  keys: readonly SampledKey[],
  ownerOf: (key: Buffer) => number | null,
): Promise<void> {
  for (const [owner, client] of clients.entries()) {
    if (client === null) continue;
    const strays = keys.filter((key) => key.shard !== owner && ownerOf(key.key) === owner);
    const held = await ask(client, strays, (key) => key.pair.source);
    for (const [at, key] of strays.entries()) judge.note(held[at] ? "stale" : "lone", key, owner);
  }
}

async function judgeCollisions(
  judge: Judge,
  clients: readonly (Redis | null)[],
  keys: readonly SampledKey[],
): Promise<void> {
  const asked = keys.slice(0, Math.floor(mostQuestions / Math.max(1, clients.length)));
  for (const [other, client] of clients.entries()) {
    if (client === null) continue;
    const foreign = asked.filter((key) => key.shard !== other);
    const held = await ask(client, foreign, (key) => key.pair.source);
    for (const [at, key] of foreign.entries()) if (held[at]) judge.note("collision", key, other);
  }
}

class Judge {
  readonly #names: readonly string[];
  readonly #sampled: number;
  readonly #counts = { "on-destination": 0, stale: 0, lone: 0, collision: 0 };
  readonly #examples: KeyExample[] = [];
  /** A key that several shards hold is one collision. */
  readonly #collided = new Set<string>();

  constructor(names: readonly string[], sampled: number) {
    this.#names = names;
    this.#sampled = sampled;
  }

  note(kind: KeyExample["kind"], { key, pair, shard }: SampledKey, other: number | null): void {
    if (kind === "collision") {
      const name = `${pair.source} ${key.toString("latin1")}`;
      if (this.#collided.has(name)) return;
      this.#collided.add(name);
    }
    this.#counts[kind]++;
    if (this.#counts[kind] > mostExamples) return;
    const names = { shard: this.#names[shard]!, other: other === null ? null : this.#names[other]! };
    this.#examples.push({ kind, key: printable(key), db: pair.source, ...names });
  }

  result(): KeySamples {
    const { "on-destination": onDestination, collision: collisions, ...strays } = this.#counts;
    return { sampled: this.#sampled, onDestination, collisions, ...strays, examples: this.#examples };
  }
}

function printable(key: Buffer): string {
  const text = [...key.subarray(0, 64)].map((byte) =>
    byte < 0x20 || byte > 0x7e ? `\\x${byte.toString(16).padStart(2, "0")}` : String.fromCharCode(byte),
  );
  return text.join("") + (key.length > 64 ? "…" : "");
}

/** null where the server cannot be reached now: the checks have said so already. */
async function enter(endpoint: RedisEndpoint, signal: AbortSignal | undefined): Promise<Redis | null> {
  try {
    return await openClient(endpoint, {
      role: "the sample",
      db: 0,
      timeoutMs: probeTimeoutMs,
      commandTimeoutMs: probeTimeoutMs,
      connectionName: "tributary:precheck",
      looksOnly: true,
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    return null;
  }
}

async function take(
  client: Redis,
  shard: number,
  { shards, databases }: Pick<Parameters<typeof sampleKeys>[0], "shards" | "databases">,
): Promise<SampledKey[]> {
  const held = shards[shard]!.facts!.keyspace.map(({ db }) => db);
  const pairs = (databases ?? held.map((db) => ({ source: db, destination: db })))
    .filter(({ source }) => held.includes(source))
    .slice(0, mostDatabases);
  const found: SampledKey[] = [];
  try {
    for (const pair of pairs) {
      const wanted = Math.ceil(keysOfShard / pairs.length);
      await client.call("SELECT", pair.source);
      let cursor = "0";
      const keys: Buffer[] = [];
      for (let scans = 0; scans < 4 && keys.length < wanted; scans++) {
        const [next, some] = await client.scanBuffer(cursor, "COUNT", wanted);
        keys.push(...some.filter((key) => !isOwn(key)));
        cursor = next.toString();
        if (cursor === "0") break;
      }
      found.push(...keys.slice(0, wanted).map((key) => ({ shard, pair, key })));
    }
  } catch {
    // A user who may not SCAN, or a server that has gone: the sample is smaller.
  }
  return found;
}

function isOwn(key: Buffer): boolean {
  return key.toString("latin1") === "DTS_REDIS_TIMESTAMP_HEARTBEAT";
}

/** Whether each of the keys exists, in the database that `dbOf` says; false where it is not told. */
async function ask(
  client: Redis,
  keys: readonly SampledKey[],
  dbOf: (key: SampledKey) => number,
): Promise<boolean[]> {
  const held = new Map<SampledKey, boolean>();
  const databases = new Set(keys.map(dbOf));
  try {
    for (const db of databases) {
      await client.call("SELECT", db);
      const inDb = keys.filter((key) => dbOf(key) === db);
      const pipeline = client.pipeline();
      for (const { key } of inDb) pipeline.exists(key);
      const answers = (await pipeline.exec()) ?? [];
      for (const [at, key] of inDb.entries()) held.set(key, answers[at]?.[1] === 1);
    }
  } catch (error) {
    if (!isReply(error)) return keys.map(() => false);
  }
  return keys.map((key) => held.get(key) ?? false);
}
