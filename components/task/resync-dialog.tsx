"use client";

import { type RefObject, useState } from "react";
import { Button } from "@/components/controls/button";
import { Modal } from "@/components/controls/modal";
import type { TaskRow } from "@/server/control/views/task-view";

type ResyncDialogProps = {
  task: Pick<TaskRow, "name" | "destinationLabel">;
  open: boolean;
  onClose: () => void;
  returnTo?: RefObject<HTMLElement | null>;
  /** Resolves to whether the server did it. */
  act: () => Promise<boolean>;
};

/** Asks before a destination that has lost its data is filled again. */
export function ResyncDialog({ task, open, onClose, returnTo, act }: ResyncDialogProps) {
  const [busy, setBusy] = useState(false);
  return (
    <Modal
      open={open}
      {...(returnTo === undefined ? {} : { returnTo })}
      onOpenChange={(next) => !next && onClose()}
      title={`Synchronize ${task.name} again?`}
      description={
        <>
          <p>
            The destination{" "}
            <span className="font-mono text-[0.8125rem] break-all text-ink">{task.destinationLabel}</span> no
            longer holds what was written to it. Tributary fills it again: the shards that stopped are copied
            again from the beginning, then followed as before.
          </p>
          <p>
            Keys of the same name that are there now are replaced. Find out first what emptied the
            destination, or it may be emptied again.
          </p>
        </>
      }
    >
      <div className="mt-5 flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>Leave it stopped</Button>
        <Button
          look="primary"
          busy={busy}
          onClick={async () => {
            setBusy(true);
            const ok = await act();
            setBusy(false);
            if (ok) onClose();
          }}
        >
          Copy again
        </Button>
      </div>
    </Modal>
  );
}

/** It stopped since the destination lost its data: to start it is to fill the destination again. */
export function mayResync(task: Pick<TaskRow, "actions">, reason: TaskRow["reason"]): boolean {
  return task.actions.includes("start") && reason?.code === "DESTINATION_DATA_LOST";
}
