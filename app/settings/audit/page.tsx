import type { Metadata } from "next";
import { caller } from "@/app/server-caller";
import { AuditPage } from "./client";

export const metadata: Metadata = { title: "Audit" };

type Props = { searchParams: Promise<Record<string, string | string[] | undefined>> };

export default async function Page({ searchParams }: Props) {
  const { text, action } = await searchParams;
  const filter = {
    ...(typeof text === "string" && text !== "" ? { text: text.slice(0, 100) } : {}),
    ...(typeof action === "string" && action !== "" ? { action: action.slice(0, 100) } : {}),
  };
  const api = await caller();
  const [entries, actions] = await Promise.all([api.audit.page(filter), api.audit.actions()]);
  return <AuditPage filter={filter} initial={entries} actions={actions} />;
}
