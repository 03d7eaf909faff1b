import { narrowToHashTag, type Stretch } from "./hash-tag.ts";
import { ketama } from "./ketama.ts";
import { keyHashes } from "./key-hash.ts";
import { modula } from "./modula.ts";
import type { NutcrackerPool } from "./nutcracker-pool.ts";

export type Ring = {
  /** The label of the server that owns the key while all are alive; null is any (random). */
  ownerOf(key: Uint8Array): number | null;
  /** The same of the key in `bytes[start, end)`, without a view of it: the stream asks for each command. */
  ownerAt(bytes: Uint8Array, start: number, end: number): number | null;
};

/**
 * Twemproxy's distribution of keys over a pool, bit by bit (twemproxy: nc_server.c server_pool_idx). Equal
 * nutcracker.yml, equal owner.
 * @param pool with at least one server.
 * @param labels what stands for each server in the answers, not negative; its index unless given.
 */
export function createRing(
  pool: Pick<NutcrackerPool, "hash" | "hashTag" | "distribution"> & {
    readonly servers: readonly { readonly name: string; readonly weight: number }[];
  },
  labels: readonly number[] = pool.servers.map((_, index) => index),
): Ring {
  if (pool.servers.length === 1) return ringOf(() => labels[0]!);
  if (pool.distribution === "random") return ringOf(() => null);

  // The place of a sorted server among those of the pool.
  const places = pool.servers.map((_, index) => index);
  places.sort((a, b) => compareNames(pool.servers[a]!.name, pool.servers[b]!.name));
  const sorted = places.map((index) => pool.servers[index]!);
  const sortedLabels = places.map((index) => labels[index]!);
  const dispatch =
    pool.distribution === "ketama" ? ketama(sorted, sortedLabels) : modula(sorted, sortedLabels);
  const hash = keyHashes[pool.hash];
  const tag = pool.hashTag === null ? null : Buffer.from(pool.hashTag);
  // Of an empty key no hash is made: it is 0.
  const untagged = (bytes: Uint8Array, start: number, end: number) =>
    dispatch(end === start ? 0 : hash(bytes, start, end));
  if (tag === null) return ringOf(untagged);
  const part: Stretch = { start: 0, end: 0 };
  return ringOf((bytes, start, end) => {
    part.start = start;
    part.end = end;
    narrowToHashTag(bytes, part, tag[0]!, tag[1]!);
    return untagged(bytes, part.start, part.end);
  });
}

function ringOf(ownerAt: Ring["ownerAt"]): Ring {
  return { ownerAt, ownerOf: (key) => ownerAt(key, 0, key.length) };
}

/** Shorter names first, then by bytes (twemproxy: nc_string.c string_compare). */
function compareNames(a: string, b: string): number {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length - right.length || Buffer.compare(left, right);
}
