"use client";

import { X } from "lucide-react";
import { Dialog } from "radix-ui";
import { type ReactNode, type RefObject, useRef } from "react";

type ModalProps = {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: ReactNode;
  /** Has the focus after it where what opened it is gone, such as the item of a menu. */
  returnTo?: RefObject<HTMLElement | null>;
  children: ReactNode;
};

/** A dialog in the middle of the page; on a phone it fills the width. Esc and the backdrop close it. */
export function Modal({ open, onOpenChange, title, description, returnTo, children }: ModalProps) {
  const opener = useRef<Element | null>(null);
  const giveBack = () => {
    const takers = [opener.current, returnTo?.current, document.getElementById("main")];
    const taker = takers.find((element) => element instanceof HTMLElement && canTake(element));
    (taker as HTMLElement | undefined)?.focus();
  };
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 animate-[fade_150ms_ease-out] bg-black/40 backdrop-blur-[2px]" />
        <Dialog.Content
          onOpenAutoFocus={() => {
            opener.current = document.activeElement;
          }}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            giveBack();
          }}
          {...(description === undefined ? { "aria-describedby": undefined } : {})}
          className="fixed top-1/2 left-1/2 z-50 max-h-[calc(100dvh-2rem)] w-[min(30rem,calc(100vw-2rem))] -translate-x-1/2 -translate-y-1/2 animate-[appear_160ms_ease-out] overflow-y-auto rounded-2xl border bg-surface p-5 shadow-high outline-none sm:p-6"
        >
          <Dialog.Title className="pr-8 text-base font-semibold tracking-[-0.01em] text-balance">
            {title}
          </Dialog.Title>
          {description !== undefined && (
            <Dialog.Description asChild>
              <div className="mt-2 space-y-2 text-ink-2">{description}</div>
            </Dialog.Description>
          )}
          {children}
          {/* Last in order, so that the first field has the focus; without a hint, which would take the first Esc. */}
          <Dialog.Close
            aria-label="Close"
            className="absolute top-4 right-4 inline-flex size-8 items-center justify-center rounded-lg text-ink-2 hover:bg-ink/7 hover:text-ink sm:top-5 sm:right-5"
          >
            <X className="size-4" aria-hidden />
          </Dialog.Close>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function canTake(element: HTMLElement): boolean {
  return element.isConnected && element !== document.body && !element.matches(":disabled, [role=menuitem]");
}
