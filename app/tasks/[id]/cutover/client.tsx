"use client";

import { useSubscription } from "@trpc/tanstack-react-query";
import { FileText, Flag } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import { Button, buttonLook } from "@/components/controls/button";
import { CutoverNotes } from "@/components/cutover/cutover-notes";
import { CutoverStepper } from "@/components/cutover/cutover-stepper";
import { StepPanel } from "@/components/cutover/step-panel";
import { shownStep, stepWords } from "@/components/cutover/step-words";
import { StepsAhead } from "@/components/cutover/steps-ahead";
import { type Cutover, useCutoverOrders } from "@/components/cutover/use-cutover-orders";
import { reasonOf } from "@/components/live/reason-of";
import { useTRPC } from "@/components/live/trpc";
import { useMay } from "@/components/people/me";
import { Breadcrumbs } from "@/components/shell/breadcrumbs";
import { DocumentTitle } from "@/components/shell/document-title";
import { ReasonNote } from "@/components/status/reason-note";
import { StatusBadge } from "@/components/status/status-badge";

export function CutoverPage({ initial }: { initial: Cutover }) {
  const trpc = useTRPC();
  const live = useSubscription(trpc.cutover.live.subscriptionOptions({ id: initial.task.id }));
  // What an order has answered is newer than what came before it.
  const [answered, setAnswered] = useState<{ view: Cutover; over: Cutover | undefined } | null>(null);
  const view = answered !== null && answered.over === live.data ? answered.view : (live.data ?? initial);
  const orders = useCutoverOrders(view, (next) => setAnswered({ view: next, over: live.data }));
  const { task, cutover } = view;
  const underWay = cutover !== null && !cutover.over;
  const finished = cutover?.state.step === "finished";
  const step = underWay || finished ? cutover.state.step : undefined;
  const words = stepWords.find((one) => one.step === shownStep(step))!;

  return (
    <>
      <DocumentTitle title={`${step === undefined ? "Cutover" : words.name} · ${task.name} · Tributary`} />
      <header>
        <Breadcrumbs
          steps={[
            { href: "/tasks", label: "Tasks" },
            { href: `/tasks/${task.id}`, label: task.name },
          ]}
        />
        <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
          <h1 className="min-w-0 text-[1.375rem] leading-tight font-semibold tracking-[-0.02em]">Cutover</h1>
          <StatusBadge status={task.status} />
          <Link href={`/tasks/${task.id}/report`} className={`${buttonLook("quiet", true)} ml-auto`}>
            <FileText className="size-4" aria-hidden />
            Report
          </Link>
        </div>
        <p className="mt-1 text-[0.8125rem] break-words text-ink-2">
          {task.sourceLabel} to <span className="font-mono text-xs">{task.destinationLabel}</span>
        </p>
      </header>
      {live.status === "error" && <ReasonNote reason={reasonOf(live.error)} className="mt-5" />}
      <CutoverStepper step={step} />
      {step === undefined ? (
        <Begin view={view} busy={orders.busy} onBegin={() => void orders.begin()} />
      ) : (
        <StepPanel view={view} orders={orders} />
      )}
      {cutover !== null && <CutoverNotes cutover={cutover} />}
    </>
  );
}

function Begin({ view, busy, onBegin }: { view: Cutover; busy: boolean; onBegin: () => void }) {
  const finished = view.task.wanted === "finished";
  const operator = useMay("operator");
  return (
    <section className="mt-5">
      <h2 className="text-lg font-semibold tracking-[-0.015em]">
        {finished ? "The task is finished" : "Move the application to the destination"}
      </h2>
      <p className="mt-1 max-w-prose text-pretty text-ink-2">
        {finished
          ? "It was cut over already. Only your applications write to the destination."
          : "There are six steps, with a way back from each but the last. Nothing changes for the application until you stop its writes in the second step."}
      </p>
      {!finished && !operator && <p className="mt-4 text-ink-3">Only an operator can begin it.</p>}
      {!finished && operator && (
        <div className="mt-4 flex flex-wrap items-center gap-3">
          <Button look="primary" busy={busy} disabled={!view.mayBegin} onClick={onBegin}>
            <Flag className="size-4" aria-hidden />
            Begin
          </Button>
          {!view.mayBegin && <p className="text-xs text-ink-3">Start or resume the task first.</p>}
        </div>
      )}
      {!finished && <StepsAhead />}
    </section>
  );
}
