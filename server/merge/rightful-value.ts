/** A shard that holds a key, and when it was seen to write it last; 0 where nobody saw it. */
export type Holder = { readonly shard: number; readonly writtenAt: number };

/**
 * Whose value a key has on the destination.
 * - owner: the ring's owner holds it;
 * - lone: the owner does not, and a stray of this shard is all there is; `ambiguous` where several have one;
 * - last: without an owner, whatever was applied last; `ambiguous` where several shards hold it;
 * - nobody: it is absent.
 */
export type Rightful =
  | { readonly kind: "owner"; readonly shard: number }
  | { readonly kind: "lone" | "last"; readonly shard: number; readonly ambiguous: boolean }
  | { readonly kind: "nobody" };

/**
 * The rule of merging for one key. The stream's decisions and a verification both ask here.
 * @param owner the shard that the ring gives the key to; null where none owns it (policy last-write).
 * @param ownerOnly strays are left out altogether.
 */
export function rightfulValue(
  owner: number | null,
  ownerOnly: boolean,
  holders: readonly Holder[],
): Rightful {
  if (owner !== null && holders.some(({ shard }) => shard === owner)) return { kind: "owner", shard: owner };
  if (holders.length === 0 || (owner !== null && ownerOnly)) return { kind: "nobody" };
  const last = holders.reduce((best, holder) => (holder.writtenAt > best.writtenAt ? holder : best));
  return { kind: owner === null ? "last" : "lone", shard: last.shard, ambiguous: holders.length > 1 };
}
