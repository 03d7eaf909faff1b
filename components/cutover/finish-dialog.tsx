"use client";

import { useState } from "react";
import { Button } from "@/components/controls/button";
import { Field } from "@/components/controls/field";
import { Modal } from "@/components/controls/modal";
import { TextInput } from "@/components/controls/text-input";
import { NameField } from "@/components/merging/own-name";
import type { Cutover, CutoverOrders } from "./use-cutover-orders";

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
  const matches = typed.trim() === name;
  return (
    <Modal
      open
      onOpenChange={(next) => !next && onClose()}
      title={`Finish ${name}`}
      description={
        <>
          <p>
            Tributary removes its checkpoints and all else that it keeps on{" "}
            <span className="font-mono text-[0.8125rem] text-ink">{destinationLabel}</span>, and its heartbeat
            from the shards. This task can never write there again.
          </p>
          <p>This cannot be taken back: do it once the application works on the destination.</p>
        </>
      }
    >
      <form
        className="mt-4 space-y-4"
        onSubmit={async (event) => {
          event.preventDefault();
          if (matches && (await orders.move("proceed", { confirm: typed.trim() }))) onClose();
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
