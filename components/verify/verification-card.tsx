"use client";

import { useMutation } from "@tanstack/react-query";
import { useSubscription } from "@trpc/tanstack-react-query";
import { useState } from "react";
import { toast } from "sonner";
import { Button } from "@/components/controls/button";
import { CardSection } from "@/components/controls/card";
import { Segmented } from "@/components/controls/segmented";
import { reasonOf } from "@/components/live/reason-of";
import { useTRPC } from "@/components/live/trpc";
import { DifferenceList } from "./difference-list";
import { RepairStatus } from "./repair-status";
import { VerdictLine } from "./verdict-line";
import { VerifyProgress } from "./verify-progress";

const depths = [
  { value: "counts", label: "Counts" },
  { value: "keys", label: "Keys" },
  { value: "full", label: "Full" },
] as const;

const helps = {
  counts: "Compares the numbers of keys, in seconds.",
  keys: "Compares which keys exist, and their types.",
  full: "Compares every value and expiry. It only reads.",
} as const;

/** Whether the destination is the sum of the shards: one button, the last verdict, and what it found. */
export function VerificationCard({ taskId }: { taskId: string }) {
  const trpc = useTRPC();
  const live = useSubscription(trpc.verify.live.subscriptionOptions({ id: taskId }));
  const [depth, setDepth] = useState<(typeof depths)[number]["value"]>("full");
  const onError = (error: unknown) => {
    const reason = reasonOf(error);
    toast.error(reason.message, { description: reason.remedy });
  };
  const start = useMutation(trpc.verify.start.mutationOptions({ onError }));
  const pause = useMutation(trpc.verify.pause.mutationOptions({ onError }));
  const cancel = useMutation(trpc.verify.cancel.mutationOptions({ onError }));
  const running = live.data?.running ?? null;
  const [last, ...former] = live.data?.runs ?? [];
  return (
    <CardSection
      title="Verification"
      className="mt-5"
      aside={
        <div className="flex flex-wrap items-center gap-2">
          <Segmented label="Depth" value={depth} onChange={setDepth} options={depths} />
          <Button
            look="primary"
            small
            busy={start.isPending}
            disabled={running !== null}
            onClick={() => start.mutate({ id: taskId, depth })}
          >
            Verify
          </Button>
        </div>
      }
    >
      <div className="space-y-4 px-4 pb-5 sm:px-5" aria-live="polite">
        {running !== null && (
          <VerifyProgress
            running={running}
            onPause={(paused) => pause.mutate({ id: taskId, paused })}
            onCancel={() => cancel.mutate({ id: taskId })}
          />
        )}
        {last === undefined && running === null && (
          <p className="text-ink-3">
            Not verified yet. {helps[depth]} Keys that change meanwhile are looked at again.
          </p>
        )}
        {last !== undefined && (
          <>
            <VerdictLine run={last} />
            <DifferenceList key={last.id} taskId={taskId} run={last.id} />
          </>
        )}
        <RepairStatus taskId={taskId} />
        {former.length > 0 && (
          <details>
            <summary className="cursor-pointer text-xs text-ink-3 hover:text-ink">
              Former verifications
            </summary>
            <ul className="mt-3 space-y-3">
              {former.slice(0, 9).map((run) => (
                <li key={run.id}>
                  <VerdictLine run={run} />
                </li>
              ))}
            </ul>
          </details>
        )}
      </div>
    </CardSection>
  );
}
