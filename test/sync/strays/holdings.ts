import type { Redis } from "ioredis";
import { type KeyFacts, listKeys } from "../../digest/key-listing.ts";

/** What a server holds: `<database> <key>`, without Tributary's own keys. */
export type Holdings = ReadonlyMap<string, KeyFacts>;

/** @param dbs that are looked at. */
export async function holdingsOf(client: Redis, dbs: readonly number[] = [0]): Promise<Holdings> {
  const own = client.duplicate();
  own.on("error", () => {});
  const held = new Map<string, KeyFacts>();
  try {
    for (const db of dbs) {
      await own.select(db);
      for (const [key, facts] of await listKeys(own, "debug")) {
        if (key.startsWith("tributary:") || key === "DTS_REDIS_TIMESTAMP_HEARTBEAT") continue;
        held.set(`${db} ${key}`, facts);
      }
    }
    return held;
  } finally {
    own.disconnect();
  }
}

/** Values are equal, and end at the same moment. */
export function sameFacts(a: KeyFacts | undefined, b: KeyFacts | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.digest === b.digest && Math.abs((a.expiresAt ?? 0) - (b.expiresAt ?? 0)) <= 1;
}

export function describeFacts(facts: KeyFacts | undefined): string {
  return facts === undefined ? "nothing" : `${facts.digest.slice(0, 8)} until ${facts.expiresAt ?? "ever"}`;
}

/**
 * What the destination may hold for a key by the rule of merging with a ring: the owner's value; without one, a
 * stray's; of several any, since the last one written is not to be seen from the outside.
 */
export function rightfulOnes(
  name: string,
  owner: number,
  shards: readonly Holdings[],
  ownerOnly: boolean,
): (KeyFacts | undefined)[] {
  const owners = shards[owner]!.get(name);
  if (owners !== undefined || ownerOnly) return [owners];
  const strays = shards.flatMap((held) => held.get(name) ?? []);
  return strays.length === 0 ? [undefined] : strays;
}
