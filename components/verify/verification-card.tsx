"use client";

import { useQuery } from "@tanstack/react-query";
import { SlidersHorizontal } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import { Button, buttonLook } from "@/components/controls/button";
import { CardSection } from "@/components/controls/card";
import { formatPlural } from "@/components/format/count";
import { cx } from "@/components/format/cx";
import { useTRPC } from "@/components/live/trpc";
import { ForRole } from "@/components/people/me";
import type { TaskView } from "@/server/control/views/task-view";
import { CountTable } from "./count-table";
import { factsOf } from "./order-facts";
import { RepairAll } from "./repair-all";
import { RepairStatus } from "./repair-status";
import { useVerification } from "./use-verification";
import { VerdictLine } from "./verdict-line";
import { VerifyDialog } from "./verify-dialog";
import { VerifyProgress } from "./verify-progress";

/** Whether the destination is the sum of the shards: one button, the last verdict, and how much differs. */
export function VerificationCard({ task }: { task: TaskView }) {
  const verification = useVerification(task.id);
  const { running, start, view } = verification;
  const [asking, setAsking] = useState(false);
  const [last] = view?.runs ?? [];
  const path = `/tasks/${task.id}/verifications`;
  return (
    <CardSection
      title="Verification"
      className="mt-5"
      aside={
        <div className="flex flex-wrap items-center gap-2">
          <Link href={path} className={buttonLook("quiet", true)}>
            History and schedule
          </Link>
          <ForRole needs="operator">
            <Button small disabled={running !== null} onClick={() => setAsking(true)}>
              <SlidersHorizontal className="size-3.5" aria-hidden />
              Options…
            </Button>
            <Button
              look="primary"
              small
              busy={start.isPending}
              disabled={running !== null}
              onClick={() => start.mutate({ id: task.id })}
            >
              Verify
            </Button>
          </ForRole>
        </div>
      }
    >
      <div className="space-y-4 px-4 pb-5 sm:px-5" aria-live="polite">
        {running !== null && (
          <VerifyProgress taskId={task.id} running={running} verification={verification} />
        )}
        {last === undefined && running === null && (
          <p className="text-ink-3">
            Not verified yet. A verification compares every value and expiry with the shards. It only reads,
            and you can run it while data moves.
          </p>
        )}
        {last !== undefined && (
          <VerdictLine
            taskId={task.id}
            run={{ ...last, part: task.verdict?.id === last.id ? task.verdict.part : null }}
            stale={task.verdict?.id === last.id ? task.verdict.stale : null}
          />
        )}
      </div>
      {last !== undefined && last.outcome !== "failed" && last.outcome !== "canceled" && (
        <Found key={last.id} taskId={task.id} run={last.id} />
      )}
      <RepairStatus taskId={task.id} />
      {asking && (
        <VerifyDialog
          task={task}
          facts={factsOf(task, view?.runs ?? [])}
          shardId={null}
          start={start}
          onClose={() => setAsking(false)}
        />
      )}
    </CardSection>
  );
}

/** What a run has to say beside its sentence. */
function Found({ taskId, run }: { taskId: string; run: number }) {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.verify.run.queryOptions({ id: taskId, run }));
  const path = `/tasks/${taskId}/verifications/${run}`;
  const verdict = data?.verdict ?? null;
  if (verdict === null) return null;
  return (
    <>
      <CountTable caption="Differences, by kind and shard" verdict={verdict} path={path} differs />
      {verdict.notes.length > 0 && (
        <ul
          className={cx(
            "num list-disc space-y-1 px-4 pb-4 pl-9 text-[0.8125rem] text-ink-2 sm:px-5 sm:pl-10",
            verdict.differences > 0 && "border-t pt-3",
          )}
        >
          {verdict.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      {verdict.differences > 0 && (
        <div className="flex flex-wrap gap-2 border-t px-4 py-3 sm:px-5">
          <Link href={path} className={buttonLook("plain", true)}>
            Look at the {formatPlural(verdict.differences, "difference")}
          </Link>
          <RepairAll taskId={taskId} run={run} verdict={verdict} kind={null} shardId={null} />
        </div>
      )}
    </>
  );
}
