import type { ReactNode } from "react";
import { caller, decoded, orNotFound } from "@/app/server-caller";

type Props = { params: Promise<{ id: string; shard: string }>; children: ReactNode };

/** Outside of what shows while a page loads: an unknown shard is answered with 404, before anything is sent. */
export default async function ShardLayout({ params, children }: Props) {
  const { id, shard } = await params;
  await orNotFound((await caller()).shard.get({ taskId: id, shardId: decoded(shard) }));
  return children;
}
