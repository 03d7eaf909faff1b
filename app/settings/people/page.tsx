import type { Metadata } from "next";
import { caller } from "@/app/server-caller";
import { PeoplePage } from "./client";

export const metadata: Metadata = { title: "People" };

export default async function Page() {
  return <PeoplePage initial={await (await caller()).people.list()} />;
}
