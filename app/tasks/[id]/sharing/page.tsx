import type { Metadata } from "next";
import { caller, orNotFound } from "@/app/server-caller";
import { SharingPage } from "./client";

type Props = { params: Promise<{ id: string }> };

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { id } = await params;
  const task = await orNotFound((await caller()).task.get({ id }));
  return { title: `Share links · ${task.name}` };
}

export default async function Page({ params }: Props) {
  const { id } = await params;
  const api = await caller();
  const [task, links] = await Promise.all([orNotFound(api.task.get({ id })), api.share.list({ taskId: id })]);
  return <SharingPage task={{ id: task.id, name: task.name }} initial={links} />;
}
