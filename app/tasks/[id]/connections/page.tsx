import type { Metadata } from "next";
import { caller, orNotFound } from "@/app/server-caller";
import { ConnectionsPage } from "./client";

type Props = { params: Promise<{ id: string }> };

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const task = await orNotFound((await caller()).task.get({ id: (await params).id }));
  return { title: { absolute: `Connections · ${task.name} · Tributary` } };
}

export default async function Page({ params }: Props) {
  const { id } = await params;
  const api = await caller();
  const [task, connections] = await Promise.all([api.task.get({ id }), api.task.connections({ id })]);
  return <ConnectionsPage initial={task} connections={connections} />;
}
