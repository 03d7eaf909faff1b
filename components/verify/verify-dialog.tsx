"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { FormProvider, useForm } from "react-hook-form";
import { toast } from "sonner";
import { z } from "zod";
import { Button } from "@/components/controls/button";
import { Modal } from "@/components/controls/modal";
import { newDraft, type OrderDraft, orderSchema } from "./order-draft";
import { type OrderFacts, OrderFields } from "./order-fields";
import type { useVerification } from "./use-verification";

type VerifyDialogProps = {
  task: { readonly id: string; readonly name: string };
  facts: OrderFacts;
  /** The shard whose keys are proposed; null for all. */
  shardId: string | null;
  start: ReturnType<typeof useVerification>["start"];
  onClose: () => void;
};

const verifyForm = z.object({ order: orderSchema });

/** Asks how much is to be verified and how fast, and begins. */
export function VerifyDialog({ task, facts, shardId, start, onClose }: VerifyDialogProps) {
  const order: OrderDraft = shardId === null ? newDraft : { ...newDraft, range: "shard", shardId };
  const form = useForm({ defaultValues: { order }, resolver: zodResolver(verifyForm) });

  const verify = form.handleSubmit(async (wanted) => {
    try {
      await start.mutateAsync({ id: task.id, ...wanted.order });
      toast.success(`Verifying ${task.name}`);
      onClose();
    } catch {
      // It has been said.
    }
  });

  return (
    <Modal
      open
      onOpenChange={(next) => !next && onClose()}
      title={`Verify ${task.name}`}
      description={
        <p>Compares the destination with the shards. It only reads, and works while data moves.</p>
      }
    >
      <FormProvider {...form}>
        <form noValidate className="mt-4" onSubmit={(event) => void verify(event)}>
          <OrderFields facts={facts} />
          <div className="mt-5 flex flex-wrap justify-end gap-2">
            <Button onClick={onClose}>Not now</Button>
            <Button look="primary" type="submit" busy={start.isPending}>
              Verify
            </Button>
          </div>
        </form>
      </FormProvider>
    </Modal>
  );
}
