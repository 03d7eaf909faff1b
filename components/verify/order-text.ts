import type { VerifyOrder } from "@/server/control/verification/verify-order";
import { draftOf } from "./order-draft";

const depths = { counts: "Counts", keys: "Keys", full: "Full" } as const;

/** e.g. 'Full, a sample of 5 %, at most 20,000 keys/s'. */
export function orderText(order: VerifyOrder, shards: readonly { id: string; name: string }[]): string {
  const { range, sample, prefix, shardId, keysPerSecond, mbPerSecond, replicas } = draftOf(order);
  const parts = {
    all: "all keys",
    sample: `a sample of ${sample} %`,
    prefix: `keys that begin with ${prefix}`,
    shard: `shard ${shards.find(({ id }) => id === shardId)?.name ?? shardId}`,
  };
  return [
    depths[order.depth],
    parts[range],
    ...(keysPerSecond === "" ? [] : [`at most ${Number(keysPerSecond).toLocaleString("en-US")} keys/s`]),
    ...(mbPerSecond === "" ? [] : [`at most ${mbPerSecond} MB/s`]),
    ...(replicas ? ["read from replicas"] : []),
  ].join(", ");
}
