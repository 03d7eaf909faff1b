import type { Metadata } from "next";
import { caller, decoded, orNotFound } from "@/app/server-caller";
import { statusTitle } from "@/components/task/task-title";
import { ShardPage } from "./client";

type Props = { params: Promise<{ id: string; shard: string }> };

async function shardOf({ params }: Props) {
  const { id, shard } = await params;
  return orNotFound((await caller()).shard.get({ taskId: id, shardId: decoded(shard) }));
}

export async function generateMetadata(props: Props): Promise<Metadata> {
  const { shard, task } = await shardOf(props);
  return { title: { absolute: statusTitle(shard.status, shard.name, task.name) } };
}

export default async function Page(props: Props) {
  return <ShardPage initial={await shardOf(props)} />;
}
