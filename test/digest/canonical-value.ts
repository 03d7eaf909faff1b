import type { Redis } from "ioredis";

/** What is left out where one of two servers cannot hold it, and what is looked at besides. */
export type CanonicalOptions = {
  readonly fieldExpiries?: boolean;
  /** entries-added, max-deleted-entry-id, recorded-first-entry-id: from Redis 7.0 on. */
  readonly streamCounters?: boolean;
  /** Consumers that have nothing pending: before Redis 6.2 no command creates one. */
  readonly idleConsumers?: boolean;
  /** Without XINFO STREAM … FULL, which came with Redis 6.0: entries, groups and pending entries are asked for one by one. */
  readonly streamsInParts?: boolean;
  /** What else of a stream is compared, by the names of XINFO: see `notData`. */
  readonly also?: readonly StreamDetail[];
};

export type StreamDetail = "seen-time" | "active-time" | "entries-read" | "lag";

/**
 * A value as text that does not depend on its encoding: what two servers must agree on when their DUMPs differ
 * (other versions, other thresholds), and what DEBUG DIGEST-VALUE leaves out of a stream (groups, pending
 * entries, consumers, the last id). `key` is latin1 text.
 */
export async function canonicalValue(
  client: Redis,
  key: string,
  without: CanonicalOptions = {},
): Promise<string> {
  const name = Buffer.from(key, "latin1");
  const ask = async (command: string, ...args: (string | number)[]) =>
    plain(await client.callBuffer(command, name, ...args));
  const type = await client.type(name);
  switch (type) {
    case "string":
      return JSON.stringify([type, await ask("GET")]);
    case "list":
      return JSON.stringify([type, await ask("LRANGE", 0, -1)]);
    case "set":
      return JSON.stringify([type, ((await ask("SMEMBERS")) as string[]).sort()]);
    case "zset":
      return JSON.stringify([type, scored((await ask("ZRANGE", 0, -1, "WITHSCORES")) as string[])]);
    case "hash": {
      const fields = pairs((await ask("HGETALL")) as string[]).sort();
      if (without.fieldExpiries === true) return JSON.stringify([type, fields]);
      return JSON.stringify([type, fields, await fieldExpiries(client, name, fields)]);
    }
    case "vectorset":
      return JSON.stringify([type, await vectors(client, name)]);
    case "stream":
      if (without.streamsInParts === true) return JSON.stringify([type, await streamParts(client, name)]);
      return JSON.stringify([
        type,
        streamFacts(plain(await client.callBuffer("XINFO", "STREAM", name, "FULL", "COUNT", 0)), without),
      ]);
    default:
      return JSON.stringify([type]);
  }
}

/** Entries, and of each group where it stands and what is pending with whom. */
async function streamParts(client: Redis, key: Buffer): Promise<unknown> {
  const ask = async (...args: (string | number | Buffer)[]) =>
    plain(await client.callBuffer(...(args as [string, ...string[]])));
  const last = (value: unknown, name: string) =>
    pairs(value as string[]).find(([found]) => found === name)?.[1];
  const groups = (await ask("XINFO", "GROUPS", key)) as unknown[];
  const facts = groups.map(async (group) => {
    const name = last(group, "name")!;
    const pending = (await ask("XPENDING", key, name, "-", "+", 100_000)) as [
      string,
      string,
      number,
      number,
    ][];
    // The third is for how long it has been idle.
    return [
      name,
      last(group, "last-delivered-id"),
      pending.map(([id, consumer, , times]) => [id, consumer, times]),
    ];
  });
  const about = await ask("XINFO", "STREAM", key);
  return [last(about, "last-generated-id"), await ask("XRANGE", key, "-", "+"), await Promise.all(facts)];
}

/**
 * What differs without a difference in the data: how the entries are packed into nodes; and what a copy has as long
 * as no command has touched the stream, and loses then: when a consumer was last seen and active, which no master
 * tells its replicas (a consumer counts as seen when the replica runs what its master says); how many entries a
 * group has read (and its lag), which Redis's own replica forgets when XREADGROUP reaches it as XCLAIM with LASTID
 * (redis: t_stream.c xclaimCommand).
 */
const notData = new Set([
  "radix-tree-keys",
  "radix-tree-nodes",
  "seen-time",
  "active-time",
  "entries-read",
  "lag",
]);

const counters = new Set(["entries-added", "max-deleted-entry-id", "recorded-first-entry-id"]);

function streamFacts(value: unknown, without: CanonicalOptions): unknown {
  if (!Array.isArray(value)) return value;
  const named =
    value.length > 0 && value.length % 2 === 0 && value.every((item, i) => i % 2 === 1 || isFieldName(item));
  if (!named) return value.map((item) => streamFacts(item, without));
  const facts: Record<string, unknown> = {};
  for (const [name, fact] of pairs(value as string[])) {
    const isDetail = notData.has(name) && !(without.also as readonly string[] | undefined)?.includes(name);
    if (isDetail || (without.streamCounters === true && counters.has(name))) continue;
    // What a group's consumer has not acknowledged is called `pending` in Redis 6.0.
    const called = name === "pel" ? "pending" : name;
    facts[called] = name === "entries" ? fact : streamFacts(fact, without);
  }
  if (Array.isArray(facts.consumers)) facts.consumers = sortedConsumers(facts.consumers, without);
  return facts;
}

/** Servers keep them in an order of their own. */
function sortedConsumers(consumers: unknown[], without: CanonicalOptions): unknown[] {
  const wanted = (consumers as { name: string; pending: unknown[] }[]).filter(
    ({ pending }) => without.idleConsumers !== true || pending.length > 0,
  );
  return wanted.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** ms since the epoch by field, -1 without; null where the server has no such thing or no field expires. */
async function fieldExpiries(client: Redis, key: Buffer, fields: [string, string][]): Promise<unknown> {
  const names = fields.map(([field]) => Buffer.from(field, "latin1"));
  const times = await client.call("HPEXPIRETIME", key, "FIELDS", names.length, ...names).catch((error) => {
    if (/unknown command/i.test(String(error))) return [];
    throw error;
  });
  const some = (times as number[]).some((time) => Number(time) >= 0);
  return some ? (times as number[]).map(Number) : null;
}

/** The elements of a vector set with their vectors and attributes; how they are linked is chance. */
async function vectors(client: Redis, key: Buffer): Promise<unknown> {
  const count = Number(await client.call("VCARD", key));
  const names = (await client.call("VRANDMEMBER", key, count)) as string[];
  const rows = names.sort().map(async (name) => {
    return [name, await client.call("VEMB", key, name), await client.call("VGETATTR", key, name)];
  });
  return [await client.call("VDIM", key), await Promise.all(rows)];
}

/** Servers print the same double with 17 digits or with the fewest that mean it. */
function scored(flat: readonly string[]): [string, string][] {
  return pairs(flat).map(([member, score]) => [
    member,
    /inf/.test(score) ? score : Object.is(Number(score), -0) ? "-0" : String(Number(score)),
  ]);
}

const fieldNames = new Set(
  "length radix-tree-keys radix-tree-nodes last-generated-id max-deleted-entry-id entries-added recorded-first-entry-id entries groups name last-delivered-id entries-read lag pel-count pel pending consumers seen-time active-time".split(
    " ",
  ),
);
const isFieldName = (item: unknown) => typeof item === "string" && fieldNames.has(item);

function pairs(flat: readonly string[]): [string, string][] {
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i] ?? "", flat[2 * i + 1] ?? ""]);
}

function plain(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value.toString("latin1");
  return Array.isArray(value) ? value.map(plain) : value;
}
