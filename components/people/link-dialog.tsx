"use client";

import { Button } from "@/components/controls/button";
import { Modal } from "@/components/controls/modal";
import type { Invitation } from "@/server/people/person-store";
import { OnceShown } from "./once-shown";

type LinkDialogProps = { name: string; invitation: Invitation; onClose: () => void };

/** The link of an invitation, the only time that it can be seen. */
export function LinkDialog({ name, invitation, onClose }: LinkDialogProps) {
  return (
    <Modal
      open
      onOpenChange={(next) => !next && onClose()}
      title={`A link for ${name}`}
      description={
        <p>
          Hand it over in a way that nobody else reads. It works once, within 72 hours, and cannot be shown
          again.
        </p>
      }
    >
      <OnceShown label="Link" text={`${window.location.origin}/join/${invitation.secret}`} />
      <div className="mt-5 flex justify-end">
        <Button look="primary" onClick={onClose}>
          Done
        </Button>
      </div>
    </Modal>
  );
}
