import type { Metadata } from "next";
import { LoginPage } from "./client";

export const metadata: Metadata = { title: "Sign in" };

type Props = { searchParams: Promise<{ next?: string | string[] }> };

export default async function Page({ searchParams }: Props) {
  const { next } = await searchParams;
  return <LoginPage next={typeof next === "string" && /^\/(?![/\\])[^\\]*$/.test(next) ? next : "/tasks"} />;
}
