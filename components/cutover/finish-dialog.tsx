"use client";

import { useState } from "react";
import { Button } from "@/components/controls/button";
import { Field } from "@/components/controls/field";
import { Modal } from "@/components/controls/modal";
import { TextInput } from "@/components/controls/text-input";
import { NameField } from "@/components/merging/own-name";
import type { Cutover, CutoverGate, CutoverOrders } from "./use-cutover-orders";

/** Asks for the task's name before the one step that cannot be taken back. */
export function FinishDialog({
  view,
  orders,
  onClose,
}: {
  view: Cutover;
  orders: CutoverOrders;
  onClose: () => void;
}) {
  const { name, destinationLabel } = view.task;
  const [typed, setTyped] = useState("");
  const [reason, setReason] = useState("");
  const shut = view.gates.find((gate) => !gate.ok && gate.override === null) ?? null;
  const matches = typed.trim() === name && (shut === null || reason.trim() !== "");
  return (
    <Modal
      open
      onOpenChange={(next) => !next && onClose()}
      title={`Finish ${name}`}
      description={
        <>
          <p>
            Tributary removes its checkpoints and everything else of its own from{" "}
            <span className="font-mono text-[0.8125rem] text-ink">{destinationLabel}</span>, and its heartbeat
            from the shards. This task can never write there again.
          </p>
          <p>This cannot be undone. Finish once the application works on the destination.</p>
        </>
      }
    >
      <form
        className="mt-4 space-y-4"
        onSubmit={async (event) => {
          event.preventDefault();
          if (!matches) return;
          if (shut !== null && !(await orders.override(shut.name, reason.trim()))) return;
          if (await orders.move("proceed", { confirm: typed.trim() })) onClose();
        }}
      >
        <Field label={`Type ${name} to confirm`}>
          {(control) => (
            <TextInput
              {...control}
              name="confirm"
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
            />
          )}
        </Field>
        {shut !== null && <StillWritten gate={shut} reason={reason} onReason={setReason} />}
        <NameField own={orders.own} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Not yet</Button>
          <Button type="submit" look="danger" disabled={!matches} busy={orders.busy}>
            Finish
          </Button>
        </div>
      </form>
    </Modal>
  );
}

type StillWrittenProps = { gate: CutoverGate; reason: string; onReason: (reason: string) => void };

/** Somebody writes to the shards, or that is not known yet: it asks why the task is finished all the same. */
function StillWritten({ gate, reason, onReason }: StillWrittenProps) {
  return (
    <div role="alert" className="space-y-3 rounded-lg bg-warn-soft px-3 py-3 text-[0.8125rem]">
      <ul className="num space-y-0.5">
        {gate.parts
          .filter(({ ok }) => !ok)
          .map(({ shard, measured }) => (
            <li key={shard ?? measured} className="break-words">
              {shard !== null && <span className="font-medium">{shard}: </span>}
              {measured}
            </li>
          ))}
      </ul>
      <p>What is written to a shard now exists on no other server. {gate.remedy}</p>
      <Field label="Reason to finish anyway">
        {(control) => (
          <TextInput
            {...control}
            name="reason"
            maxLength={400}
            value={reason}
            onChange={(event) => onReason(event.target.value)}
          />
        )}
      </Field>
    </div>
  );
}
