import { createRing, type Ring } from "../twemproxy/ring.ts";
import type { MergeSpec } from "./merge-policy.ts";

/** Says which shard of a task owns a key, as the task's merge policy asks for it. */
export class KeyOwnership {
  /** Strays are left out even where the owner does not hold the key. */
  readonly ownerOnly: boolean;
  readonly #ring: Ring;

  private constructor(ring: Ring, ownerOnly: boolean) {
    this.#ring = ring;
    this.ownerOnly = ownerOnly;
  }

  /** @returns null where no key has an owner: there is no ring, the policy leaves it aside, or it has one shard only. */
  static of({ policy, ring }: MergeSpec): KeyOwnership | null {
    if (ring === null || policy === "last-write" || ring.distribution === "random") return null;
    const shards = ring.servers.map(({ shardIndex }) => shardIndex);
    if (shards.every((shard) => shard === shards[0])) return null;
    return new KeyOwnership(createRing(ring, shards), policy === "owner-only");
  }

  /** The index of the shard that owns the key in `bytes[start, end)`. About 100 ns. */
  ownerAt(bytes: Uint8Array, start: number, end: number): number {
    return this.#ring.ownerAt(bytes, start, end)!;
  }

  ownerOf(key: Uint8Array): number {
    return this.ownerAt(key, 0, key.length);
  }
}
