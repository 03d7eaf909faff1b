import type { Metadata } from "next";
import { SetupPage } from "./client";

export const metadata: Metadata = { title: "Welcome" };

export default function Page() {
  return <SetupPage />;
}
