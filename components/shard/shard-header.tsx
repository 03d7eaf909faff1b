"use client";

import { RotateCw } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/controls/button";
import { formatPlural } from "@/components/format/count";
import { Ago } from "@/components/live/ago";
import { Breadcrumbs } from "@/components/shell/breadcrumbs";
import { DiffersBadge } from "@/components/status/differs-badge";
import { StatusBadge } from "@/components/status/status-badge";
import { AgainDialog } from "@/components/task/again-dialog";
import { VerifyShard } from "@/components/verify/verify-shard";
import type { ShardView } from "@/server/control/views/task-view";
import { HeldBackExpiries } from "./held-back-expiries";
import { SiblingNav } from "./sibling-nav";

/** Name, address and status of a shard, and the way to its siblings. */
export function ShardHeader({ view }: { view: ShardView }) {
  const { shard, task, siblings } = view;
  return (
    <header>
      <Breadcrumbs
        steps={[
          { href: "/tasks", label: "Tasks" },
          { href: `/tasks/${task.id}`, label: task.name },
        ]}
      />
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
            <h1 className="min-w-0 text-[1.375rem] leading-tight font-semibold tracking-[-0.02em] break-words">
              {shard.name}
            </h1>
            <StatusBadge status={shard.status} />
            {shard.report?.differs && <DiffersBadge title="The destination differs from this shard." />}
            <span className="num text-[0.8125rem] text-ink-3">
              for <Ago at={shard.since} form="for" />
            </span>
          </div>
          {shard.names.length > 0 && (
            <p className="mt-1 text-xs break-words text-ink-2">
              {formatPlural(shard.names.length, "name")} on the ring: {shard.names.join(", ")}
            </p>
          )}
          <Addresses address={shard.address} others={shard.otherAddresses} />
          <HeldBackExpiries count={shard.report?.expiriesHeldBack} />
        </div>
        <div className="flex flex-wrap items-center gap-2">
          <SiblingNav taskId={task.id} current={shard.id} siblings={siblings} />
          {shard.report !== null && <VerifyShard view={view} />}
          {task.actions.includes("resync") && <Again task={task} shard={shard} />}
        </div>
      </div>
    </header>
  );
}

function Again({ task, shard }: Pick<ShardView, "task" | "shard">) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button small onClick={() => setOpen(true)}>
        <RotateCw className="size-3.5" aria-hidden />
        Synchronize again…
      </Button>
      {open && <AgainDialog task={task} shard={shard} onClose={() => setOpen(false)} />}
    </>
  );
}

/** The server that is read from, and where else the master is looked for. */
function Addresses({ address, others }: { address: string; others: readonly string[] }) {
  return (
    <div className="mt-1 flex flex-wrap items-baseline gap-x-2 gap-y-0.5 font-mono text-xs text-ink-3">
      <span className="wrap-anywhere">{address}</span>
      {others.length > 0 && <span className="font-sans">also</span>}
      {others.map((other) => (
        <span key={other} className="min-w-0 wrap-anywhere">
          {other}
        </span>
      ))}
    </div>
  );
}
