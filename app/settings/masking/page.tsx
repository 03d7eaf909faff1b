import type { Metadata } from "next";
import { caller } from "@/app/server-caller";
import { MaskingPage } from "./client";

export const metadata: Metadata = { title: "Viewers" };

export default async function Page() {
  return <MaskingPage initial={await (await caller()).people.masking()} />;
}
