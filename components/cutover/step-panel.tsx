"use client";

import { ArrowRight, FileText, Undo2 } from "lucide-react";
import Link from "next/link";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { Button, buttonLook } from "@/components/controls/button";
import { ProgressBar } from "@/components/controls/progress-bar";
import { Segmented } from "@/components/controls/segmented";
import { formatCount } from "@/components/format/count";
import { ForRole, useMay } from "@/components/people/me";
import type { Role } from "@/server/people/role";
import { FinishDialog } from "./finish-dialog";
import { GateList } from "./gate-list";
import { GateSummary } from "./gate-summary";
import { ShardClients } from "./shard-clients";
import { backWhileSettling, shownStep, stepWords } from "./step-words";
import { StopWritesHelp } from "./stop-writes-help";
import { SwitchTarget } from "./switch-target";
import type { Cutover, CutoverOrders } from "./use-cutover-orders";

const depths = [
  { value: "counts", label: "Counts" },
  { value: "keys", label: "Keys" },
  { value: "full", label: "Full" },
] as const;
type Depth = (typeof depths)[number]["value"];

/** The step that the cutover is at: what it waits for, its one action, and the way back. */
export function StepPanel({ view, orders }: { view: Cutover; orders: CutoverOrders }) {
  const step = view.cutover?.state.step;
  const words = stepWords.find((one) => one.step === shownStep(step))!;
  const [depth, setDepth] = useState<Depth>("keys");
  const [finishing, setFinishing] = useState(false);
  const heading = useStepHeading(step);
  const moves = view.moves;
  const admin = useMay("admin");
  const settling = step === "settle";
  const finished = step === "finished";
  return (
    <section aria-labelledby="step-title" className="mt-5" data-panel={step}>
      <h2
        id="step-title"
        ref={heading}
        tabIndex={-1}
        className="scroll-mt-44 text-lg font-semibold tracking-[-0.015em] outline-none"
      >
        {settling
          ? "Bringing the shards to rest"
          : step === "finish"
            ? "Removing Tributary's keys"
            : words.title}
      </h2>
      <p className="mt-1 max-w-prose text-pretty text-ink-2">
        {settling
          ? "Tributary applies the end of each stream, restores expiries, and asks each shard for all of its keys, so that no key stays that has expired there. With many keys this takes up to two minutes."
          : words.text}
      </p>
      {view.problem !== null && !finished && (
        <p role="status" className="mt-3 rounded-lg bg-warn-soft px-3 py-2.5 text-[0.8125rem] break-words">
          {view.problem} Tributary keeps trying.
        </p>
      )}
      {(settling || step === "finish") && (
        <div className="mt-4 max-w-md">
          <ProgressBar label={settling ? "Bringing the shards to rest" : "Removing keys"} fraction={null} />
        </div>
      )}
      {step === "verify" && view.verifying !== null && <Verifying verifying={view.verifying} />}
      {view.gates.length > 0 && (
        <div className="mt-4 space-y-3">
          <GateSummary gates={view.gates} />
          <GateList gates={view.gates} orders={orders} />
        </div>
      )}
      {step === "stop-writes" && (
        <ForRole needs="operator">
          <StopWritesHelp view={view} orders={orders} />
        </ForRole>
      )}
      {step === "switch" && <SwitchTarget taskId={view.task.id} />}
      {step === "switch" && view.gates.some(({ ok }) => !ok) && (
        <ForRole needs="operator">
          <div className="mt-5">
            <ShardClients taskId={view.task.id} />
          </div>
        </ForRole>
      )}
      {!finished && (
        <Actions back={settling ? backWhileSettling : words.back}>
          {moves.includes("proceed") && step === "switch" && (
            <Button
              look="primary"
              busy={orders.busy}
              disabled={!admin}
              title={admin ? undefined : "Only an administrator can finish: it cannot be undone."}
              onClick={() => setFinishing(true)}
            >
              {words.action}
            </Button>
          )}
          {moves.includes("proceed") && step !== "switch" && (
            <>
              {step === "drain" && (
                <Segmented label="Depth" value={depth} onChange={setDepth} options={depths} />
              )}
              <Button
                look="primary"
                busy={orders.busy}
                disabled={view.shut !== null}
                onClick={() => void orders.move("proceed", step === "drain" ? { depth } : {})}
              >
                {words.action}
                <ArrowRight className="size-4" aria-hidden />
              </Button>
            </>
          )}
          {step === "verify" && view.verifying === null && (
            <Button busy={orders.busy} onClick={() => void orders.verifyAgain("keys")}>
              Verify again
            </Button>
          )}
          {moves.includes("back") && (
            <Button busy={orders.busy} onClick={() => void orders.move("back")}>
              <Undo2 className="size-4" aria-hidden />
              Go back
            </Button>
          )}
          {moves.includes("leave") && (
            <Button look="quiet" busy={orders.busy} onClick={() => void orders.move("leave")}>
              Leave the cutover
            </Button>
          )}
        </Actions>
      )}
      {finished && (
        <Actions back={words.back} needs="viewer">
          <Link href={`/tasks/${view.task.id}/report`} className={buttonLook("primary")}>
            <FileText className="size-4" aria-hidden />
            See the report
          </Link>
        </Actions>
      )}
      {finishing && <FinishDialog view={view} orders={orders} onClose={() => setFinishing(false)} />}
    </section>
  );
}

type ActionsProps = { back: string; needs?: Role; children: ReactNode };

/** A step that has begun is read from its beginning: its heading comes into view, and has the focus. */
function useStepHeading(step: string | undefined) {
  const heading = useRef<HTMLHeadingElement>(null);
  const shown = useRef(step);
  useEffect(() => {
    if (shown.current === step) return;
    shown.current = step;
    heading.current?.focus();
    heading.current?.scrollIntoView({ block: "start" });
  }, [step]);
  return heading;
}

function Actions({ back, needs = "operator", children }: ActionsProps) {
  return (
    <div className="mt-5 rounded-xl border bg-surface px-4 py-4 shadow-card sm:px-5">
      <ForRole needs={needs} otherwise={<p className="text-ink-3">Only an operator can lead the cutover.</p>}>
        <div className="flex flex-wrap items-center gap-2">{children}</div>
      </ForRole>
      <p className="mt-3 max-w-3xl text-xs text-pretty text-ink-3">
        <span className="font-medium text-ink-2">Way back:</span> {back}
      </p>
    </div>
  );
}

function Verifying({ verifying }: { verifying: NonNullable<Cutover["verifying"]> }) {
  const { done, total } = verifying;
  return (
    <div className="mt-4 max-w-md space-y-2">
      <ProgressBar label="Keys looked at" fraction={total > 0 ? done / total : null} />
      <p className="num text-xs text-ink-3">
        {formatCount(done)} of about {formatCount(total)} keys
      </p>
    </div>
  );
}
