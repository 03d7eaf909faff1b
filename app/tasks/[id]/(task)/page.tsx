import type { Metadata } from "next";
import { caller, orNotFound } from "@/app/server-caller";
import { statusTitle } from "@/components/task/task-title";
import { TaskPage } from "./client";

type Props = { params: Promise<{ id: string }> };

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { id } = await params;
  const task = await orNotFound((await caller()).task.get({ id }));
  return { title: { absolute: statusTitle(task.status, task.name) } };
}

export default async function Page({ params }: Props) {
  const { id } = await params;
  return <TaskPage initial={await orNotFound((await caller()).task.get({ id }))} />;
}
