"use client";

import { useMutation } from "@tanstack/react-query";
import { useSubscription } from "@trpc/tanstack-react-query";
import { Wrench } from "lucide-react";
import Link from "next/link";
import { toast } from "sonner";
import { Button } from "@/components/controls/button";
import { ProgressBar } from "@/components/controls/progress-bar";
import { formatCount, formatPlural } from "@/components/format/count";
import { Ago } from "@/components/live/ago";
import { reasonOf } from "@/components/live/reason-of";
import { type Outputs, useTRPC } from "@/components/live/trpc";
import { ForRole } from "@/components/people/me";

type Repairs = Outputs["verify"]["repairs"];

const phases: Record<NonNullable<Repairs["progress"]>["phase"], string> = {
  connecting: "Connecting",
  copying: "Copying keys again",
  verifying: "Verifying them",
  done: "Ending",
};

type RepairStatusProps = {
  taskId: string;
  /** Only where it repairs what this verification found. */
  run?: number;
};

/** The repair of the task that is under way, or what the last one came to; nothing where there was none. */
export function RepairStatus({ taskId, run }: RepairStatusProps) {
  const trpc = useTRPC();
  const { data } = useSubscription(trpc.verify.liveRepairs.subscriptionOptions({ id: taskId }));
  const cancel = useMutation(
    trpc.verify.cancelRepair.mutationOptions({
      onError: (error) => {
        const { message, remedy } = reasonOf(error);
        toast.error(message, { description: remedy });
      },
    }),
  );
  const last = data?.rows[0];
  if (data === undefined || last === undefined) return null;
  if (run !== undefined && last.verificationId !== run) return null;
  const { progress } = data;
  const open = last.finishedAt === null;
  return (
    <section aria-label="Repair" className="space-y-2 border-t px-4 py-3 sm:px-5">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p className="flex items-center gap-2 font-medium">
          <Wrench className="size-4 shrink-0 text-ink-3" aria-hidden />
          {progress !== null
            ? `Repair: ${phases[progress.phase]}`
            : open
              ? "Repair: waiting for the synchronization"
              : "Last repair"}
        </p>
        {open && (
          <ForRole needs="operator">
            <Button small busy={cancel.isPending} onClick={() => cancel.mutate({ id: taskId })}>
              Cancel
            </Button>
          </ForRole>
        )}
      </div>
      {progress !== null && (
        <>
          <ProgressBar
            label="Keys repaired"
            fraction={progress.total > 0 ? progress.done / progress.total : null}
          />
          <p className="num text-xs text-ink-3">
            {formatCount(progress.done)} of {formatPlural(progress.total, "key")}
          </p>
        </>
      )}
      {progress === null && last.sentence !== "" && <p className="num break-words">{last.sentence}</p>}
      <p className="num flex flex-wrap gap-x-3 text-xs text-ink-3">
        <span>
          {formatPlural(last.keys, "key")}, requested by {last.by} <Ago at={last.startedAt} />
        </span>
        <Link href={`/tasks/${taskId}/repairs/${last.id}`} className="text-river hover:underline">
          See what became of each key
        </Link>
      </p>
    </section>
  );
}
