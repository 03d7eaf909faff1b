import type { Metadata } from "next";
import Link from "next/link";
import { caller } from "@/app/server-caller";
import { buttonLook } from "@/components/controls/button";
import { Notice } from "@/components/shell/notice";
import { JoinPage } from "./client";

export const metadata: Metadata = { title: "Your invitation", robots: { index: false } };

type Props = { params: Promise<{ secret: string }> };

export default async function Page({ params }: Props) {
  const { secret } = await params;
  const api = await caller();
  const person = await api.account.invitation({ secret }).catch(() => null);
  if (person === null) {
    return (
      <Notice
        title="This link does not work any more"
        actions={
          <Link href="/login" className={buttonLook("plain")}>
            To the login
          </Link>
        }
      >
        <p>A link works once, within 72 hours, and until a newer one is made.</p>
        <p>Ask an administrator for a new one.</p>
      </Notice>
    );
  }
  return <JoinPage secret={secret} {...person} />;
}
