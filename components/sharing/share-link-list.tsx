"use client";

import Link from "next/link";
import { useRef, useState } from "react";
import { Button } from "@/components/controls/button";
import { Moment } from "@/components/live/moment";
import { useNow } from "@/components/live/now";
import { ConfirmDialog } from "@/components/people/confirm-dialog";
import { LastUsed } from "@/components/people/last-used";
import type { ShareLinkView } from "@/server/people/share-links";

type ShareLinkListProps = {
  links: readonly ShareLinkView[];
  /** Names of the tasks by their ids, where the links are of several. */
  tasks?: ReadonlyMap<string, string>;
  empty: string;
  onRevoke: (id: string) => Promise<void>;
};

/** Share links with what they show, until when, and their last use. */
export function ShareLinkList({ links, tasks, empty, onRevoke }: ShareLinkListProps) {
  if (links.length === 0) return <p className="px-5 py-10 text-center text-ink-2">{empty}</p>;
  return (
    <ul className="divide-y">
      {links.map((link) => (
        <LinkRow key={link.id} link={link} taskName={tasks?.get(link.taskId)} onRevoke={onRevoke} />
      ))}
    </ul>
  );
}

type LinkRowProps = {
  link: ShareLinkView;
  taskName: string | undefined;
  onRevoke: (id: string) => Promise<void>;
};

function LinkRow({ link, taskName, onRevoke }: LinkRowProps) {
  const now = useNow();
  const [asking, setAsking] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  return (
    <li data-link={link.name} className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3 sm:px-5">
      <div className="min-w-0 flex-1 basis-48">
        <p className="truncate font-medium">
          {link.name}
          {taskName !== undefined && (
            <>
              {" "}
              <Link href={`/tasks/${link.taskId}/sharing`} className="font-normal text-river hover:underline">
                {taskName}
              </Link>
            </>
          )}
        </p>
        <p className="text-xs text-ink-3">
          {shownWords(link)}
          {link.madeBy === null ? "" : ` · made by ${link.madeBy}`}
        </p>
      </div>
      <p className="num text-xs text-ink-3 sm:w-56">
        <LastUsed use={link} />
      </p>
      <p className="num text-xs text-ink-3 sm:w-56">
        {link.expiresAt < now ? <span className="text-bad">Expired </span> : "Expires "}
        <Moment at={link.expiresAt} />
      </p>
      <Button ref={button} small onClick={() => setAsking(true)}>
        Revoke…
      </Button>
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        returnTo={button}
        title={`Revoke the link for ${link.name}?`}
        text="Whoever holds it sees nothing any more, within seconds."
        word="Revoke"
        danger
        act={() => onRevoke(link.id)}
      />
    </li>
  );
}

function shownWords({ hidden }: ShareLinkView): string {
  const shown = [
    hidden.hosts ? null : "hosts",
    hidden.keys ? null : "names of keys",
    hidden.values ? null : "values",
  ].filter((one) => one !== null);
  return shown.length === 0 ? "Shows no host, key or value" : `Shows ${shown.join(", ")}`;
}
