"use client";

import { RotateCw } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/controls/button";
import { useMay } from "@/components/people/me";
import { mayResync, ResyncDialog } from "@/components/task/resync-dialog";
import { useTaskActions } from "@/components/task/use-task-actions";
import type { ShardView } from "@/server/control/views/task-view";

/** The way on for a shard that has stopped since the destination lost its data; nothing for any other. */
export function ResyncShard({ view: { task, shard } }: { view: ShardView }) {
  const { act, busy } = useTaskActions(task);
  const [open, setOpen] = useState(false);
  const may = useMay("operator");
  if (!may || !mayResync(task, shard.reason)) return null;
  return (
    <>
      <Button small className="mt-2.5" busy={busy !== null} onClick={() => setOpen(true)}>
        <RotateCw className="size-3.5" aria-hidden />
        Copy again…
      </Button>
      <ResyncDialog task={task} open={open} onClose={() => setOpen(false)} act={() => act("start")} />
    </>
  );
}
