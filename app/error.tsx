"use client";

import Link from "next/link";
import { Button, buttonLook } from "@/components/controls/button";
import { Notice } from "@/components/shell/notice";

/** A page that broke; synchronization does not depend on it. */
export default function ErrorPage({ error, reset }: { error: unknown; reset: () => void }) {
  const digest = (error as { digest?: string }).digest;
  return (
    <Notice
      title="This page could not be shown"
      actions={
        <>
          <Button look="primary" onClick={reset}>
            Try again
          </Button>
          <Link href="/tasks" className={buttonLook()}>
            Go to the tasks
          </Link>
        </>
      }
    >
      <p>Synchronization continues. If this keeps happening, see Tributary's log.</p>
      {digest !== undefined && <p className="font-mono text-xs text-ink-3">{digest}</p>}
    </Notice>
  );
}
