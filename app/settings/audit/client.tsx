"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useRouter } from "next/navigation";
import { type FormEvent, useState } from "react";
import { Button, buttonLook } from "@/components/controls/button";
import { Card } from "@/components/controls/card";
import { inputLook, TextInput } from "@/components/controls/text-input";
import { cx } from "@/components/format/cx";
import { useTRPC } from "@/components/live/trpc";
import { AuditRow } from "@/components/people/audit-row";
import type { AuditEntry } from "@/server/people/audit-log";

type Filter = { text?: string; action?: string };
type AuditPageProps = { filter: Filter; initial: AuditEntry[]; actions: readonly string[] };

const PAGE = 50;

/** The filter stands in the address, so that what somebody looks at can be sent to somebody else. */
export function AuditPage({ filter, initial, actions }: AuditPageProps) {
  const router = useRouter();
  const trpc = useTRPC();
  const [text, setText] = useState(filter.text ?? "");
  const query = useInfiniteQuery(
    trpc.audit.page.infiniteQueryOptions(
      { ...filter, limit: PAGE },
      {
        initialCursor: null,
        getNextPageParam: (page) => (page.length < PAGE ? undefined : page.at(-1)?.id),
      },
    ),
  );
  const entries = query.data?.pages.flat() ?? initial;
  const go = (next: Filter) => {
    const address = new URLSearchParams(
      Object.entries(next).filter(([, value]) => value !== undefined && value !== ""),
    );
    router.push(`/settings/audit?${address}`);
  };
  const exported = (format: string) => `/api/audit?${new URLSearchParams({ ...filter, format })}`;

  function submit(event: FormEvent) {
    event.preventDefault();
    go({ ...filter, text });
  }

  return (
    <>
      <div className="mb-4 flex flex-wrap items-start justify-between gap-3">
        <div>
          <h1 className="text-[1.375rem] font-semibold tracking-[-0.02em]">Audit</h1>
          <p className="mt-1 text-sm text-ink-2">
            Who did what, newest first. Passwords and other secrets are left out.
          </p>
        </div>
        <div className="flex gap-2">
          <a href={exported("csv")} download className={cx(buttonLook(), "[&_svg]:size-4")}>
            <Download aria-hidden />
            CSV
          </a>
          <a href={exported("json")} download className={cx(buttonLook(), "[&_svg]:size-4")}>
            <Download aria-hidden />
            JSON
          </a>
        </div>
      </div>
      <form onSubmit={submit} className="mb-3 flex flex-wrap gap-2">
        <span className="w-72 max-w-full">
          <TextInput
            type="search"
            aria-label="Search"
            placeholder="A person, a task, a reason"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </span>
        <span className="w-52">
          <select
            aria-label="Action"
            value={filter.action ?? ""}
            onChange={(event) => go({ ...filter, action: event.target.value })}
            className={cx(inputLook, "h-9")}
          >
            <option value="">All actions</option>
            {actions.map((action) => (
              <option key={action} value={action}>
                {action}
              </option>
            ))}
          </select>
        </span>
        <Button type="submit">Search</Button>
      </form>
      <Card className="overflow-hidden">
        {entries.length === 0 ? (
          <p className="px-5 py-10 text-center text-ink-2">
            {filter.text === undefined && filter.action === undefined
              ? "Nothing has been done yet."
              : "Nothing matches. Change the search, or choose all actions."}
          </p>
        ) : (
          <ul className="divide-y">
            {entries.map((entry) => (
              <AuditRow key={entry.id} entry={entry} />
            ))}
          </ul>
        )}
      </Card>
      {query.hasNextPage && (
        <div className="mt-4 text-center">
          <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            Older entries
          </Button>
        </div>
      )}
    </>
  );
}
