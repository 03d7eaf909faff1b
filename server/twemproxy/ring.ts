import { hashTagOf } from "./hash-tag.ts";
import { ketama } from "./ketama.ts";
import { keyHashes } from "./key-hash.ts";
import { modula } from "./modula.ts";
import type { NutcrackerPool } from "./nutcracker-pool.ts";

export type Ring = {
  /** Index into the pool's servers of the one that owns the key while all are alive; null is any (random). */
  ownerOf(key: Uint8Array): number | null;
};

/**
 * Twemproxy's distribution of keys over a pool, bit by bit (twemproxy: nc_server.c server_pool_idx). Equal
 * nutcracker.yml, equal owner.
 * @param pool with at least one server.
 */
export function createRing(
  pool: Pick<NutcrackerPool, "hash" | "hashTag" | "distribution"> & {
    readonly servers: readonly { readonly name: string; readonly weight: number }[];
  },
): Ring {
  if (pool.servers.length === 1) return { ownerOf: () => 0 };
  if (pool.distribution === "random") return { ownerOf: () => null };

  // The place of a sorted server among those of the pool.
  const places = pool.servers.map((_, index) => index);
  places.sort((a, b) => compareNames(pool.servers[a]!.name, pool.servers[b]!.name));
  const sorted = places.map((index) => pool.servers[index]!);
  const dispatch = pool.distribution === "ketama" ? ketama(sorted) : modula(sorted);
  const hash = keyHashes[pool.hash];
  const tag = pool.hashTag === null ? null : Buffer.from(pool.hashTag);
  return {
    ownerOf(key) {
      const hashed = tag === null ? key : hashTagOf(key, tag[0]!, tag[1]!);
      // Of an empty key no hash is made: it is 0.
      return places[dispatch(hashed.length === 0 ? 0 : hash(hashed))]!;
    },
  };
}

/** Shorter names first, then by bytes (twemproxy: nc_string.c string_compare). */
function compareNames(a: string, b: string): number {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length - right.length || Buffer.compare(left, right);
}
