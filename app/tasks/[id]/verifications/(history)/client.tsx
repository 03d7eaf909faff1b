"use client";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Scale } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "@/components/controls/button";
import { CardSection } from "@/components/controls/card";
import { type Outputs, useTRPC } from "@/components/live/trpc";
import { ForRole } from "@/components/people/me";
import { Breadcrumbs } from "@/components/shell/breadcrumbs";
import { factsOf } from "@/components/verify/order-facts";
import { RepairList } from "@/components/verify/repair-list";
import { RunHistory } from "@/components/verify/run-history";
import { RunTrend } from "@/components/verify/run-trend";
import { ScheduleCard } from "@/components/verify/schedule-card";
import { useVerification } from "@/components/verify/use-verification";
import { VerifyDialog } from "@/components/verify/verify-dialog";
import { VerifyProgress } from "@/components/verify/verify-progress";
import type { TaskView } from "@/server/control/views/task-view";

type VerificationsPageProps = {
  task: TaskView;
  initial: Outputs["verify"]["history"];
  schedule: Outputs["verify"]["schedule"];
  repairs: Outputs["verify"]["repairs"];
};

/** The verifications of a task: the one that runs, the former ones with their trend, and the schedule. */
export function VerificationsPage({ task, initial, schedule, repairs }: VerificationsPageProps) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const verification = useVerification(task.id);
  const { running, start, view } = verification;
  const [asking, setAsking] = useState(false);
  const newest = view?.runs[0]?.id;
  const { data: runs } = useQuery(
    trpc.verify.history.queryOptions({ id: task.id }, { initialData: initial }),
  );
  useEffect(() => {
    // A run has ended: it may be that of the schedule.
    if (newest === undefined) return;
    void queries.invalidateQueries(trpc.verify.history.queryFilter({ id: task.id }));
    void queries.invalidateQueries(trpc.verify.schedule.queryFilter({ id: task.id }));
  }, [newest, queries, trpc, task.id]);
  const facts = factsOf(task, runs);
  return (
    <>
      <Breadcrumbs
        steps={[
          { href: "/tasks", label: "Tasks" },
          { href: `/tasks/${task.id}`, label: task.name },
        ]}
      />
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <h1 className="text-[1.375rem] leading-tight font-semibold tracking-[-0.02em]">Verifications</h1>
        <ForRole needs="operator">
          <Button look="primary" disabled={running !== null} onClick={() => setAsking(true)}>
            <Scale className="size-4" aria-hidden />
            Verify…
          </Button>
        </ForRole>
      </div>
      {running !== null && (
        <CardSection title="In progress" className="mt-5">
          <div className="px-4 pb-5 sm:px-5" aria-live="polite">
            <VerifyProgress taskId={task.id} running={running} verification={verification} />
          </div>
        </CardSection>
      )}
      <div className="mt-5 grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_22rem]">
        <CardSection title="History">
          {runs.length === 0 ? (
            <p className="px-4 pb-5 text-ink-3 sm:px-5">
              This task has not been verified yet. A verification says whether the destination holds what the
              shards hold.
            </p>
          ) : (
            <>
              <RunTrend runs={runs} />
              <RunHistory taskId={task.id} runs={runs} />
            </>
          )}
        </CardSection>
        <div className="grid gap-5">
          <ScheduleCard task={task} facts={facts} initial={schedule} />
          <RepairList taskId={task.id} repairs={repairs} />
        </div>
      </div>
      {asking && (
        <VerifyDialog
          task={task}
          facts={facts}
          shardId={null}
          start={start}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}
