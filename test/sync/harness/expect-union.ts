import type { Redis } from "ioredis";
import { expect } from "vitest";
import { compareUnion, describeDifferences, type UnionOptions } from "../../digest/compare-union.ts";

type Served = { readonly client: Redis };

/** The destination holds what the shards hold, and nothing else. @returns how many keys it holds. */
export async function expectUnion(
  shards: readonly Served[],
  destination: Served,
  databases?: UnionOptions["databases"],
): Promise<number> {
  const comparison = await compareUnion({
    shards: shards.map((shard) => shard.client),
    destination: destination.client,
    ...(databases === undefined ? {} : { databases }),
  });
  expect(comparison.differences, describeDifferences(comparison)).toEqual([]);
  return comparison.destinationKeys;
}
