"use client";

import { useState } from "react";
import { toast } from "sonner";
import { Button } from "@/components/controls/button";
import { Modal } from "@/components/controls/modal";
import { type DraftErrors, isOrder, newDraft, type OrderDraft, orderOf } from "./order-draft";
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

/** Asks how much is to be verified and how fast, and begins. */
export function VerifyDialog({ task, facts, shardId, start, onClose }: VerifyDialogProps) {
  const [draft, setDraft] = useState<OrderDraft>(
    shardId === null ? newDraft : { ...newDraft, range: "shard", shardId },
  );
  const [errors, setErrors] = useState<DraftErrors>({});

  async function verify() {
    const order = orderOf(draft);
    if (!isOrder(order)) {
      setErrors(order);
      return;
    }
    try {
      await start.mutateAsync({ id: task.id, ...order });
      toast.success(`Verifying ${task.name}`);
      onClose();
    } catch {
      // It has been said.
    }
  }

  return (
    <Modal
      open
      onOpenChange={(next) => !next && onClose()}
      title={`Verify ${task.name}`}
      description={<p>Compares the destination with the shards. It only reads, also while data moves.</p>}
    >
      <form
        noValidate
        className="mt-4"
        onSubmit={(event) => {
          event.preventDefault();
          void verify();
        }}
      >
        <OrderFields
          draft={draft}
          onChange={(change) => setDraft({ ...draft, ...change })}
          errors={errors}
          facts={facts}
        />
        <div className="mt-5 flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>Not now</Button>
          <Button look="primary" type="submit" busy={start.isPending}>
            Verify
          </Button>
        </div>
      </form>
    </Modal>
  );
}
