import type { Metadata } from "next";
import { caller, orNotFound } from "@/app/server-caller";
import { VerificationsPage } from "./client";

type Props = { params: Promise<{ id: string }> };

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { id } = await params;
  const task = await orNotFound((await caller()).task.get({ id }));
  return { title: `Verifications · ${task.name}` };
}

export default async function Page({ params }: Props) {
  const { id } = await params;
  const [task, runs, schedule, repairs] = await Promise.all([
    orNotFound((await caller()).task.get({ id })),
    orNotFound((await caller()).verify.history({ id })),
    orNotFound((await caller()).verify.schedule({ id })),
    orNotFound((await caller()).verify.repairs({ id })),
  ]);
  return <VerificationsPage task={task} initial={runs} schedule={schedule} repairs={repairs} />;
}
