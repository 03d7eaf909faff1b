"use client";

import { Scale } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import { Button, buttonLook } from "@/components/controls/button";
import { copiedKeys, totalKeys } from "@/components/task/key-totals";
import type { ShardView } from "@/server/control/views/task-view";
import { useVerification } from "./use-verification";
import { VerifyDialog } from "./verify-dialog";

/** Begins a verification of one shard's keys; while one of the task runs, it leads there. */
export function VerifyShard({ view: { task, shard, siblings } }: { view: ShardView }) {
  const { running, start, view } = useVerification(task.id);
  const [asking, setAsking] = useState(false);
  const keys =
    totalKeys(copiedKeys(shard.report?.sourceKeys ?? null, task.databases, "source"))?.keys ?? null;
  if (running !== null)
    return (
      <Link href={`/tasks/${task.id}/verifications`} className={buttonLook("plain", true)}>
        <Scale className="pulse size-3.5" aria-hidden />
        Verifying…
      </Link>
    );
  return (
    <>
      <Button small onClick={() => setAsking(true)}>
        <Scale className="size-3.5" aria-hidden />
        Verify…
      </Button>
      {asking && (
        <VerifyDialog
          task={task}
          facts={{ shards: siblings.length === 0 ? [shard] : siblings, keys, runs: view?.runs ?? [] }}
          shardId={siblings.length > 1 ? shard.id : null}
          start={start}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}
