"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { FormProvider, useForm } from "react-hook-form";
import { z } from "zod";
import { Button } from "@/components/controls/button";
import { Modal } from "@/components/controls/modal";
import { draftOf, limitsSchema } from "./order-draft";
import { LimitFields } from "./order-fields";
import type { Running, useVerification } from "./use-verification";

type LimitsDialogProps = {
  taskId: string;
  running: Running;
  setPace: ReturnType<typeof useVerification>["setPace"];
  onClose: () => void;
};

const limitsForm = z.object({ order: limitsSchema });

/** Other limits for the run that is under way. */
export function LimitsDialog({ taskId, running, setPace, onClose }: LimitsDialogProps) {
  const form = useForm({ defaultValues: { order: draftOf(running) }, resolver: zodResolver(limitsForm) });
  const left = Math.max(0, running.total - running.done);

  const change = form.handleSubmit(async ({ order }) => {
    try {
      await setPace.mutateAsync({ id: taskId, ...order });
      onClose();
    } catch {
      // It has been said.
    }
  });

  return (
    <Modal open onOpenChange={(next) => !next && onClose()} title="Limits of this verification">
      <FormProvider {...form}>
        <form noValidate className="mt-4" onSubmit={(event) => void change(event)}>
          <LimitFields keys={left > 0 ? left : null} />
          <div className="mt-5 flex flex-wrap justify-end gap-2">
            <Button onClick={onClose}>Keep them</Button>
            <Button look="primary" type="submit" busy={setPace.isPending}>
              Change
            </Button>
          </div>
        </form>
      </FormProvider>
    </Modal>
  );
}
