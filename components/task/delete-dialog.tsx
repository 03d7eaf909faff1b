"use client";

import { type RefObject, useState } from "react";
import { Button } from "@/components/controls/button";
import { Field } from "@/components/controls/field";
import { Modal } from "@/components/controls/modal";
import { TextInput } from "@/components/controls/text-input";
import type { TaskRow } from "@/server/control/views/task-view";

type DeleteDialogProps = {
  task: Pick<TaskRow, "name" | "destinationLabel">;
  open: boolean;
  onClose: () => void;
  returnTo?: RefObject<HTMLElement | null>;
  act: (reason: string) => Promise<boolean>;
};

export function DeleteDialog({ task, open, onClose, returnTo, act }: DeleteDialogProps) {
  const [busy, setBusy] = useState(false);
  const [reason, setReason] = useState("");
  return (
    <Modal
      open={open}
      {...(returnTo === undefined ? {} : { returnTo })}
      onOpenChange={(next) => !next && onClose()}
      title={`Delete ${task.name}?`}
      description={
        <p>
          Synchronization stops, and the task goes with its history, charts and logs. The data on the source
          and on <span className="font-mono text-[0.8125rem] text-ink">{task.destinationLabel}</span> stays as
          it is.
        </p>
      }
    >
      <Field label="Reason" optional help="Kept in the audit." className="mt-4">
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
      <div className="mt-5 flex justify-end gap-2">
        <Button onClick={onClose}>Keep it</Button>
        <Button
          look="danger"
          busy={busy}
          onClick={async () => {
            setBusy(true);
            const ok = await act(reason);
            setBusy(false);
            if (ok) onClose();
          }}
        >
          Delete the task
        </Button>
      </div>
    </Modal>
  );
}
