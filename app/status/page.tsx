import type { Metadata } from "next";
import { caller } from "@/app/server-caller";
import { StatusPage } from "./client";
import { UnlockPage } from "./unlock";

export const metadata: Metadata = { title: "Status", robots: { index: false, follow: false } };

export default async function Page() {
  const api = await caller();
  const { role, guest } = await api.account.me();
  // Whom neither a login nor the page's access lets in has come to a page that asks for its password.
  if (role === null && guest !== "visitor") return <UnlockPage />;
  return <StatusPage initial={await api.status.get()} />;
}
