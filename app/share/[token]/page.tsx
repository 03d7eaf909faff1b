import type { Metadata } from "next";
import { caller } from "@/app/server-caller";
import { Notice } from "@/components/shell/notice";
import { SharedPage } from "./client";

// The title of a link that is passed on tells nothing of what it leads to.
export const metadata: Metadata = { title: "Shared task", robots: { index: false, follow: false } };

export default async function Page() {
  const api = await caller();
  const { guest } = await api.account.me();
  if (guest !== "link") {
    return (
      <Notice title="This link leads nowhere">
        <p>It has expired, was revoked, or was not copied whole.</p>
        <p>Ask whoever sent it for a new one.</p>
      </Notice>
    );
  }
  return <SharedPage initial={await api.share.get()} />;
}
