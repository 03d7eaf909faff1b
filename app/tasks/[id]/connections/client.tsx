"use client";

import { useMutation } from "@tanstack/react-query";
import { useSubscription } from "@trpc/tanstack-react-query";
import { Pause } from "lucide-react";
import { toast } from "sonner";
import { ConnectionsForm } from "@/components/connections/connections-form";
import { Button } from "@/components/controls/button";
import { reasonOf } from "@/components/live/reason-of";
import { useTRPC } from "@/components/live/trpc";
import { Breadcrumbs } from "@/components/shell/breadcrumbs";
import { ReasonNote } from "@/components/status/reason-note";
import { StatusBadge } from "@/components/status/status-badge";
import type { ConnectionsView } from "@/server/control/supervisor/change-connections";
import type { TaskView } from "@/server/control/views/task-view";

type ConnectionsPageProps = { initial: TaskView; connections: ConnectionsView };

export function ConnectionsPage({ initial, connections }: ConnectionsPageProps) {
  const trpc = useTRPC();
  const live = useSubscription(trpc.task.live.subscriptionOptions({ id: initial.id }));
  const task = live.data ?? initial;
  return (
    <>
      <header>
        <Breadcrumbs
          steps={[
            { href: "/tasks", label: "Tasks" },
            { href: `/tasks/${task.id}`, label: task.name },
          ]}
        />
        <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
          <h1 className="min-w-0 text-[1.375rem] leading-tight font-semibold tracking-[-0.02em]">
            Connections
          </h1>
          <StatusBadge status={task.status} />
        </div>
        <p className="mt-1 max-w-prose text-[0.8125rem] text-ink-2">
          Addresses, users and passwords of the shards and the destination. Passwords are never shown.
        </p>
      </header>
      {live.status === "error" && <ReasonNote reason={reasonOf(live.error)} className="mt-5" />}
      {!task.merging.changeable && <MustPause task={task} />}
      <ConnectionsForm task={task} connections={connections} />
    </>
  );
}

/** Connections change while nothing runs: says so, and offers the pause. */
function MustPause({ task }: { task: TaskView }) {
  const trpc = useTRPC();
  const pausing = useMutation(
    trpc.task.pause.mutationOptions({
      onError: (error) => {
        const { message, remedy } = reasonOf(error);
        toast.error(message, { description: remedy });
      },
    }),
  );
  if (task.wanted === "finished")
    return <p className="mt-5 text-ink-2">The task is finished. Its connections are not used any more.</p>;
  return (
    <div className="mt-5 flex flex-wrap items-center gap-3 rounded-xl border bg-sunken px-4 py-3">
      <p className="min-w-0 flex-1 text-[0.8125rem] text-pretty">
        Pause the task to save changes. It keeps its checkpoints, and goes on from them when you resume it.
      </p>
      <Button
        small
        busy={pausing.isPending || task.wanted === "paused"}
        disabled={!task.actions.includes("pause")}
        onClick={() => pausing.mutate({ id: task.id })}
      >
        <Pause className="size-3.5" aria-hidden />
        Pause
      </Button>
    </div>
  );
}
