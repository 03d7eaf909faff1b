import type { Redis } from "ioredis";
import { type CanonicalOptions, canonicalValue } from "./canonical-value.ts";
import { type KeyFacts, listKeys, permitsDigest } from "./key-listing.ts";

export type Difference = {
  /** `missing` on the destination, `extra` there, another `value`, or another `expiry`. */
  readonly kind: "missing" | "extra" | "value" | "expiry";
  /** The source's database. */
  readonly db: number;
  /** Unprintable bytes as \xNN. */
  readonly key: string;
  readonly detail: string;
};

export type UnionComparison = {
  readonly differences: readonly Difference[];
  /** Keys listed on each shard and on the destination, without Tributary's own. */
  readonly shardKeys: readonly number[];
  readonly destinationKeys: number;
};

export type UnionOptions = {
  readonly shards: readonly Redis[];
  readonly destination: Redis;
  /** Every database with keys to the same number unless given. */
  readonly databases?: readonly { readonly source: number; readonly destination: number }[];
  /** Compares what the values mean, for servers of different versions: their digests and DUMPs differ. */
  readonly meaning?: CanonicalOptions;
  /** Of a key, by its name as latin1 text, which of the shards counts alone where it holds it, as a ring says it. */
  readonly ownerOf?: (key: string) => number;
  /** Of all keys of the destination, which are compared, by their names as latin1 text; all unless given. */
  readonly among?: (key: string) => boolean;
  /** Largest difference of two expiries in ms; 1 unless given. */
  readonly expiryToleranceMs?: number;
};

/**
 * Compares the union of the shards with the destination, key by key, value by value, expiry by expiry. Nothing
 * may write meanwhile; keys may expire. A key that several shards hold must be on the destination as its owner has
 * it, and where that does not hold it or is not known, as one of them has it. Tributary's own keys are left out where they belong: the heartbeat on the shards (on the destination it
 * is a difference), the checkpoints on the destination.
 */
export async function compareUnion(options: UnionOptions): Promise<UnionComparison> {
  const clients: Redis[] = [];
  const copy = (client: Redis) => {
    const own = client.duplicate();
    own.on("error", () => {});
    clients.push(own);
    return own;
  };
  try {
    const shards = options.shards.map(copy);
    const destination = copy(options.destination);
    const databases = options.databases ?? (await databasesInUse([...shards, destination]));
    const result = { differences: [] as Difference[], shardKeys: shards.map(() => 0), destinationKeys: 0 };
    for (const pair of databases) await compareDatabase(shards, destination, pair, options, result);
    return result;
  } finally {
    for (const client of clients) client.disconnect();
  }
}

/** The differences as text for a test's failure: how many of each kind, and the first 20. */
export function describeDifferences(comparison: UnionComparison): string {
  const { differences, shardKeys, destinationKeys } = comparison;
  const kinds = (["missing", "extra", "value", "expiry"] as const).map((kind) => ({
    kind,
    count: differences.filter((difference) => difference.kind === kind).length,
  }));
  return [
    `${shardKeys.join(" + ")} keys on the shards, ${destinationKeys} on the destination, ${differences.length} differences`,
    ...kinds.filter(({ count }) => count > 0).map(({ kind, count }) => `  ${kind}: ${count}`),
    ...differences.slice(0, 20).map(({ kind, db, key, detail }) => `  ${kind} db${db} ${key}: ${detail}`),
  ].join("\n");
}

async function compareDatabase(
  shards: readonly Redis[],
  destination: Redis,
  pair: { readonly source: number; readonly destination: number },
  options: UnionOptions,
  result: { differences: Difference[]; shardKeys: number[]; destinationKeys: number },
): Promise<void> {
  await Promise.all([
    ...shards.map((shard) => shard.select(pair.source)),
    destination.select(pair.destination),
  ]);
  const everyDigest = (await Promise.all([...shards, destination].map(permitsDigest))).every(Boolean);
  const method = everyDigest && options.meaning === undefined ? "debug" : "dump";
  const [there, ...here] = await Promise.all(
    [destination, ...shards].map((client) => listKeys(client, method)),
  );
  for (const listing of here) listing.delete("DTS_REDIS_TIMESTAMP_HEARTBEAT");
  for (const key of there!.keys()) {
    if (key.startsWith("tributary:") || options.among?.(key) === false) there!.delete(key);
  }
  here.forEach((listing, i) => {
    result.shardKeys[i]! += listing.size;
  });
  result.destinationKeys += there!.size;

  const add = (kind: Difference["kind"], key: string, detail: string) =>
    result.differences.push({ kind, db: pair.source, key: printable(key), detail });
  // A key that reached its expiry while the lists were read may be on one of them only.
  const now = Date.now();
  const expired = (facts: KeyFacts) => facts.expiresAt !== null && facts.expiresAt <= now;

  const compareKey = async ([key, copy]: [string, KeyFacts]): Promise<void> => {
    const owner = options.ownerOf?.(key);
    const owned = owner === undefined ? undefined : here[owner]!.get(key);
    const originals = here.flatMap((listing, i) => {
      const facts = owned === undefined || i === owner ? listing.get(key) : undefined;
      return facts === undefined ? [] : [{ facts, shard: shards[i]! }];
    });
    if (originals.length === 0) {
      if (!expired(copy)) add("extra", key, "no shard has it");
      return;
    }
    const equal = [];
    for (const original of originals) {
      const there = { facts: copy, client: destination };
      if (await sameValue(original, there, key, method, options.meaning)) equal.push(original);
    }
    if (equal.length === 0) {
      const [before, after] = [originals[0]!.facts.digest, copy.digest];
      add(
        "value",
        key,
        before === after ? "its groups differ" : `${before.slice(0, 40)} became ${after.slice(0, 40)}`,
      );
    } else if (!equal.some(({ facts }) => sameExpiry(facts, copy, options.expiryToleranceMs ?? 1))) {
      add("expiry", key, `${equal[0]!.facts.expiresAt} became ${copy.expiresAt}`);
    }
  };
  const entries = [...there!];
  for (let first = 0; first < entries.length; first += 1000) {
    await Promise.all(entries.slice(first, first + 1000).map(compareKey));
  }
  here.forEach((listing, i) => {
    for (const [key, facts] of listing) {
      if (!there!.has(key) && !expired(facts)) add("missing", key, `shard ${i + 1} has it`);
    }
  });
}

async function sameValue(
  original: { facts: KeyFacts; shard: Redis },
  copy: { facts: KeyFacts; client: Redis },
  key: string,
  method: "debug" | "dump",
  meaning: CanonicalOptions | undefined,
): Promise<boolean> {
  if (meaning !== undefined) return await sameMeaning(original, copy, key, meaning);
  const sameDigest = original.facts.digest === copy.facts.digest;
  // The digest knows whether a key has an expiry: with and without one it differs though the value is equal.
  const sameLife = (original.facts.expiresAt === null) === (copy.facts.expiresAt === null);
  if (method === "debug" && !sameDigest && sameLife) return false;
  // An equal DUMP is an equal value; an unequal one may be only another encoding. The digest leaves the groups
  // of a stream out.
  if (sameDigest && (method === "dump" || !original.facts.isStream)) return true;
  return await sameMeaning(original, copy, key, {});
}

async function sameMeaning(
  original: { shard: Redis },
  copy: { client: Redis },
  key: string,
  without: CanonicalOptions,
): Promise<boolean> {
  const [a, b] = await Promise.all([
    canonicalValue(original.shard, key, without),
    canonicalValue(copy.client, key, without),
  ]);
  return a === b;
}

function sameExpiry(a: KeyFacts, b: KeyFacts, toleranceMs: number): boolean {
  if (a.expiresAt === null || b.expiresAt === null) return a.expiresAt === b.expiresAt;
  return Math.abs(a.expiresAt - b.expiresAt) <= toleranceMs;
}

async function databasesInUse(clients: readonly Redis[]): Promise<{ source: number; destination: number }[]> {
  const numbers = new Set<number>();
  for (const client of clients) {
    for (const match of (await client.info("keyspace")).matchAll(/^db(\d+):/gm))
      numbers.add(Number(match[1]));
  }
  return [...numbers].sort((a, b) => a - b).map((db) => ({ source: db, destination: db }));
}

/** Unprintable characters as \xNN. */
export function printable(key: string): string {
  return key.replace(/[^ -~]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
