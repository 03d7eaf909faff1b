"use client";

import { Share2 } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/controls/button";
import { Card } from "@/components/controls/card";
import { NewLinkDialog } from "@/components/sharing/new-link-dialog";
import { ShareLinkList } from "@/components/sharing/share-link-list";
import { useShareLinks } from "@/components/sharing/use-share-links";
import { Breadcrumbs } from "@/components/shell/breadcrumbs";
import type { ShareLinkView } from "@/server/people/share-links";

type SharingPageProps = {
  task: { readonly id: string; readonly name: string };
  initial: ShareLinkView[];
};

/** Who else looks at a task, and by which link. */
export function SharingPage({ task, initial }: SharingPageProps) {
  const { links, refetch, revoke } = useShareLinks(task.id, initial);
  const [making, setMaking] = useState(false);
  return (
    <>
      <Breadcrumbs
        steps={[
          { href: "/tasks", label: "Tasks" },
          { href: `/tasks/${task.id}`, label: task.name },
        ]}
      />
      <div className="mb-4 flex items-start justify-between gap-4">
        <div>
          <h1 className="text-[1.375rem] font-semibold tracking-[-0.02em]">Share links</h1>
          <p className="mt-1 max-w-prose text-sm text-ink-2">
            Whoever holds a link sees this task live, and nothing else, without an account. Hosts, names of
            keys and values are hidden unless you show them. A link ends with whoever made it.
          </p>
        </div>
        <Button look="primary" onClick={() => setMaking(true)} className="shrink-0 [&_svg]:size-4">
          <Share2 aria-hidden />
          New link…
        </Button>
      </div>
      <Card>
        <ShareLinkList
          links={links}
          empty="No link yet. Make one for each person or team, so that each can be revoked by itself."
          onRevoke={revoke}
        />
      </Card>
      {making && (
        <NewLinkDialog
          task={task}
          onClose={() => {
            setMaking(false);
            void refetch();
          }}
        />
      )}
    </>
  );
}
