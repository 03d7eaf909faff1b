import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { caller } from "@/app/server-caller";
import { AccountPage } from "./client";

export const metadata: Metadata = { title: "Your account" };

export default async function Page() {
  const { login } = await (await caller()).account.me();
  if (login === "off") redirect("/settings/audit");
  return <AccountPage />;
}
