"use client";

import { type ReactNode, useState } from "react";
import { cx } from "@/components/format/cx";

type FoldedProps = {
  title: string;
  /** What is set within, in a few words. */
  note: string;
  /** Something within needs the user: it cannot be folded away meanwhile. */
  held?: boolean;
  className?: string;
  children: ReactNode;
};

/** A part of the form whose defaults suit most; it stays as the user left it, whatever is chosen within. */
export function Folded({ title, note, held = false, className, children }: FoldedProps) {
  const [open, setOpen] = useState(false);
  return (
    <details
      className={cx("group", className)}
      open={open || held}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary className="w-fit rounded-md text-[0.8125rem] font-medium text-ink-2 hover:text-ink">
        {title} <span className="font-normal text-ink-3">· {note}</span>
      </summary>
      {children}
    </details>
  );
}
