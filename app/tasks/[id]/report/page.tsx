import type { Metadata } from "next";
import { caller, orNotFound } from "@/app/server-caller";
import { MigrationReport } from "@/components/cutover/migration-report";

type Props = { params: Promise<{ id: string }> };

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { task } = await orNotFound((await caller()).cutover.report({ id: (await params).id }));
  return { title: { absolute: `Report · ${task.name} · Tributary` } };
}

export default async function Page({ params }: Props) {
  return (
    <MigrationReport report={await orNotFound((await caller()).cutover.report({ id: (await params).id }))} />
  );
}
