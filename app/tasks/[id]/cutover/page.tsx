import type { Metadata } from "next";
import { caller, orNotFound } from "@/app/server-caller";
import { CutoverPage } from "./client";

type Props = { params: Promise<{ id: string }> };

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { task } = await orNotFound((await caller()).cutover.get({ id: (await params).id }));
  return { title: { absolute: `Cutover · ${task.name} · Tributary` } };
}

export default async function Page({ params }: Props) {
  return <CutoverPage initial={await orNotFound((await caller()).cutover.get({ id: (await params).id }))} />;
}
