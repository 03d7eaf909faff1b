"use client";

import { useState } from "react";
import { Button } from "@/components/controls/button";
import { Modal } from "@/components/controls/modal";
import { type DraftErrors, draftOf, paceOf } from "./order-draft";
import { LimitFields } from "./order-fields";
import type { Running, useVerification } from "./use-verification";

type LimitsDialogProps = {
  taskId: string;
  running: Running;
  setPace: ReturnType<typeof useVerification>["setPace"];
  onClose: () => void;
};

/** Other limits for the run that is under way. */
export function LimitsDialog({ taskId, running, setPace, onClose }: LimitsDialogProps) {
  const [draft, setDraft] = useState(() => draftOf(running));
  const [errors, setErrors] = useState<DraftErrors>({});
  const left = Math.max(0, running.total - running.done);

  async function change() {
    const pace = paceOf(draft);
    if ("errors" in pace) {
      setErrors(pace.errors ?? {});
      return;
    }
    try {
      await setPace.mutateAsync({ id: taskId, ...pace });
      onClose();
    } catch {
      // It has been said.
    }
  }

  return (
    <Modal open onOpenChange={(next) => !next && onClose()} title="Limits of this verification">
      <form
        noValidate
        className="mt-4"
        onSubmit={(event) => {
          event.preventDefault();
          void change();
        }}
      >
        <LimitFields
          draft={draft}
          onChange={(next) => setDraft({ ...draft, ...next })}
          errors={errors}
          keys={left > 0 ? left : null}
        />
        <div className="mt-5 flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>Leave them</Button>
          <Button look="primary" type="submit" busy={setPace.isPending}>
            Change
          </Button>
        </div>
      </form>
    </Modal>
  );
}
