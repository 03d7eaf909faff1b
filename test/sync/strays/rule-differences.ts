import { describeFacts, holdingsOf, rightfulOnes, sameFacts } from "./holdings.ts";
import type { MergeWorld } from "./merge-world.ts";

/** Where the destination is other than the rule of merging with a ring says; nothing may be written meanwhile. */
export async function ruleDifferences(world: MergeWorld, dbs: readonly number[] = [0]): Promise<string[]> {
  const shards = await Promise.all(world.shards.map(({ client }) => holdingsOf(client, dbs)));
  const there = await holdingsOf(world.destination.client, dbs);
  const all = new Set([there, ...shards].flatMap((held) => [...held.keys()]));
  return [...all].flatMap((name) => {
    const owner = world.ownerOf(name.slice(name.indexOf(" ") + 1));
    const may = rightfulOnes(name, owner, shards, world.policy === "owner-only");
    if (may.some((one) => sameFacts(one, there.get(name)))) return [];
    const shown = shards.map((held) => describeFacts(held.get(name))).join(", ");
    return [`${name} of shard ${owner}: ${describeFacts(there.get(name))}; the shards have ${shown}`];
  });
}
