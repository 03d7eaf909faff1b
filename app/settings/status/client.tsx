"use client";

import Link from "next/link";
import { Card, CardSection } from "@/components/controls/card";
import { ShareLinkList } from "@/components/sharing/share-link-list";
import { StatusAccessForm, type StatusAccessNow } from "@/components/sharing/status-access-form";
import { useShareLinks } from "@/components/sharing/use-share-links";
import type { ShareLinkView } from "@/server/people/share-links";

type StatusSettingsProps = {
  initial: StatusAccessNow;
  links: ShareLinkView[];
  tasks: readonly (readonly [string, string])[];
};

/** What people without an account may look at. */
export function StatusSettingsPage({ initial, links, tasks }: StatusSettingsProps) {
  const all = useShareLinks(null, links);
  return (
    <>
      <h1 className="text-[1.375rem] font-semibold tracking-[-0.02em]">Status page and share links</h1>
      <p className="mt-1 mb-4 max-w-prose text-sm text-ink-2">
        The{" "}
        <Link href="/status" className="text-river underline underline-offset-3">
          status page
        </Link>{" "}
        shows every task and shard on one screen. Operators choose on the page itself which tasks it shows.
      </p>
      <Card>
        <StatusAccessForm initial={initial} />
      </Card>
      <CardSection title="Share links of all tasks" className="mt-5">
        <ShareLinkList
          links={all.links}
          tasks={new Map(tasks)}
          empty="No link yet. Operators make them on a task's page, under Share."
          onRevoke={all.revoke}
        />
      </CardSection>
    </>
  );
}
