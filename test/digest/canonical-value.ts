import type { Redis } from "ioredis";

/**
 * A value as text that does not depend on its encoding: what two servers must agree on when their DUMPs differ
 * (other versions, other thresholds), and what DEBUG DIGEST-VALUE leaves out of a stream (groups, pending
 * entries, consumers, the last id). `key` is latin1 text.
 */
export async function canonicalValue(client: Redis, key: string): Promise<string> {
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
      return JSON.stringify([type, await ask("ZRANGE", 0, -1, "WITHSCORES")]);
    case "hash":
      return JSON.stringify([type, pairs((await ask("HGETALL")) as string[]).sort()]);
    case "stream":
      return JSON.stringify([
        type,
        streamFacts(plain(await client.callBuffer("XINFO", "STREAM", name, "FULL", "COUNT", 0))),
      ]);
    default:
      return JSON.stringify([type]);
  }
}

/**
 * What differs without a difference in the data: how the entries are packed into nodes; when a consumer was last
 * seen, which no master tells its replicas; how many entries a group has read (and its lag), which Redis's own
 * replica forgets when XREADGROUP reaches it as XCLAIM with LASTID (redis: t_stream.c xclaimCommand).
 */
const notData = new Set([
  "radix-tree-keys",
  "radix-tree-nodes",
  "seen-time",
  "active-time",
  "entries-read",
  "lag",
]);

function streamFacts(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  const named =
    value.length > 0 && value.length % 2 === 0 && value.every((item, i) => i % 2 === 1 || isFieldName(item));
  if (!named) return value.map(streamFacts);
  const facts: Record<string, unknown> = {};
  for (const [name, fact] of pairs(value as string[])) {
    if (!notData.has(name)) facts[name] = name === "entries" ? fact : streamFacts(fact);
  }
  return facts;
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
