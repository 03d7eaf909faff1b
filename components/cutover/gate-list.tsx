"use client";

import { CircleCheck, CircleX, TriangleAlert, Undo2 } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/controls/button";
import { Field } from "@/components/controls/field";
import { Modal } from "@/components/controls/modal";
import { TextInput } from "@/components/controls/text-input";
import { cx } from "@/components/format/cx";
import { Ago } from "@/components/live/ago";
import { NameField } from "@/components/merging/own-name";
import { useMay } from "@/components/people/me";
import type { CutoverGate, CutoverOrders } from "./use-cutover-orders";

const looks = {
  open: { Icon: CircleCheck, word: "Open", color: "text-good" },
  overridden: { Icon: TriangleAlert, word: "Overridden", color: "text-warn" },
  shut: { Icon: CircleX, word: "Shut", color: "text-bad" },
} as const;

/** The conditions of a step: what is measured, what is wanted, and what to do where a gate is shut. */
export function GateList({ gates, orders }: { gates: readonly CutoverGate[]; orders: CutoverOrders }) {
  const [asked, setAsked] = useState<CutoverGate | null>(null);
  return (
    <>
      <ul aria-label="Gates" className="divide-y rounded-xl border bg-surface">
        {gates.map((gate) => (
          <GateItem key={gate.name} gate={gate} orders={orders} onOverride={() => setAsked(gate)} />
        ))}
      </ul>
      {asked !== null && <OverrideDialog gate={asked} orders={orders} onClose={() => setAsked(null)} />}
    </>
  );
}

type GateItemProps = { gate: CutoverGate; orders: CutoverOrders; onOverride: () => void };

function GateItem({ gate, orders, onOverride }: GateItemProps) {
  const { name, title, ok, parts, wanted, remedy, override } = gate;
  const operator = useMay("operator");
  const { Icon, word, color } = looks[ok ? "open" : override === null ? "shut" : "overridden"];
  const shown = ok && parts.length > 3 ? parts.slice(0, 3) : parts;
  return (
    <li
      data-gate={name}
      data-ok={ok || override !== null}
      className="flex flex-wrap gap-x-3 gap-y-2 px-4 py-3.5 sm:flex-nowrap sm:px-5"
    >
      <Icon className={cx("mt-0.5 size-5 shrink-0", color)} aria-hidden />
      <div className="min-w-0 flex-1 basis-[70%] sm:basis-0">
        <p className="font-medium">
          {title} <span className={cx("ml-1 text-xs font-normal", color)}>{word}</span>
        </p>
        <dl className={cx("num mt-0.5 text-[0.8125rem]", ok ? "flex flex-wrap gap-x-5" : "space-y-0.5")}>
          {shown.map((part) => (
            <div key={part.shard ?? part.measured} className="min-w-0 break-words">
              {part.shard !== null && <dt className="inline text-ink-3">{part.shard}: </dt>}
              <dd className={cx("inline", part.ok ? "text-ink-2" : "text-ink")}>{part.measured}</dd>
            </div>
          ))}
          {shown.length < parts.length && (
            <div className="text-ink-3">and {parts.length - shown.length} more like these</div>
          )}
        </dl>
        {!ok && (
          <p className="mt-1 text-xs text-ink-3">
            Needed: {wanted}. {override === null && remedy}
          </p>
        )}
        {override !== null && (
          <p className="num mt-1 text-xs break-words text-ink-2">
            Overridden by {override.by}
            {override.from !== null && ` (${override.from})`}, <Ago at={override.at} />: {override.reason}
          </p>
        )}
      </div>
      {!ok && override === null && operator && (
        <Button small className="shrink-0 self-start max-sm:ml-8" onClick={onOverride}>
          Override…
        </Button>
      )}
      {override !== null && operator && (
        <Button
          small
          look="quiet"
          className="shrink-0 self-start max-sm:ml-8"
          onClick={() => void orders.withdraw(name)}
        >
          <Undo2 className="size-3.5" aria-hidden />
          Withdraw
        </Button>
      )}
    </li>
  );
}

function OverrideDialog({
  gate,
  orders,
  onClose,
}: {
  gate: CutoverGate;
  orders: CutoverOrders;
  onClose: () => void;
}) {
  const [reason, setReason] = useState("");
  const wrong = gate.parts.filter(({ ok }) => !ok);
  return (
    <Modal
      open
      onOpenChange={(next) => !next && onClose()}
      title={`Override: ${gate.title}`}
      description={
        <>
          <p>The cutover continues although this gate is shut. The report keeps that, with your reason.</p>
          <ul className="num list-disc space-y-0.5 pl-5">
            {wrong.map(({ shard, measured }) => (
              <li key={shard ?? measured}>{shard === null ? measured : `${shard}: ${measured}`}</li>
            ))}
          </ul>
        </>
      }
    >
      <form
        className="mt-4 space-y-4"
        onSubmit={async (event) => {
          event.preventDefault();
          if (await orders.override(gate.name, reason.trim())) onClose();
        }}
      >
        <Field label="Reason">
          {(control) => (
            <TextInput
              {...control}
              name="reason"
              maxLength={400}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
          )}
        </Field>
        <NameField own={orders.own} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Keep it shut</Button>
          <Button type="submit" look="danger" disabled={reason.trim() === ""} busy={orders.busy}>
            Override
          </Button>
        </div>
      </form>
    </Modal>
  );
}
