"use client";

import { type RefObject, useState } from "react";
import { Button } from "@/components/controls/button";
import { Modal } from "@/components/controls/modal";

type ConfirmDialogProps = {
  open: boolean;
  onClose: () => void;
  returnTo: RefObject<HTMLElement | null>;
  title: string;
  text: string;
  /** On the button that does it. */
  word: string;
  danger?: boolean;
  act: () => Promise<void>;
};

/** Asks before something that ends what somebody may be using. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { open, onClose, returnTo, title, text, word, danger = false, act } = props;
  const [busy, setBusy] = useState(false);
  return (
    <Modal
      open={open}
      onOpenChange={(next) => !next && onClose()}
      returnTo={returnTo}
      title={title}
      description={<p>{text}</p>}
    >
      <div className="mt-5 flex justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button
          look={danger ? "danger" : "primary"}
          busy={busy}
          onClick={async () => {
            setBusy(true);
            await act();
            setBusy(false);
            onClose();
          }}
        >
          {word}
        </Button>
      </div>
    </Modal>
  );
}
