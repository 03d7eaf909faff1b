import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { caller } from "@/app/server-caller";
import { TokensPage } from "./client";

export const metadata: Metadata = { title: "API tokens" };

export default async function Page() {
  const api = await caller();
  const { login } = await api.account.me();
  if (login === "off") redirect("/settings/audit");
  return <TokensPage initial={await api.token.list()} />;
}
