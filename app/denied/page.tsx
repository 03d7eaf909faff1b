import type { Metadata } from "next";
import Link from "next/link";
import { buttonLook } from "@/components/controls/button";
import { Notice } from "@/components/shell/notice";

export const metadata: Metadata = { title: "Not for your role" };

type Props = { searchParams: Promise<{ needs?: string }> };

export default async function Page({ searchParams }: Props) {
  const whom = (await searchParams).needs === "operator" ? "operators and administrators" : "administrators";
  return (
    <Notice
      title={`This page is for ${whom}`}
      actions={
        <Link href="/tasks" className={buttonLook("plain")}>
          To the tasks
        </Link>
      }
    >
      <p>Ask an administrator to do it, or to change your role.</p>
    </Notice>
  );
}
