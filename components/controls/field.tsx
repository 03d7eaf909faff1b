"use client";

import { CircleAlert } from "lucide-react";
import { type ReactNode, useId } from "react";
import { cx } from "@/components/format/cx";

export type FieldControl = { id: string; "aria-invalid"?: true; "aria-describedby"?: string };

export type FieldProps = {
  label: string;
  /** A sentence under the control; an error takes its place. */
  help?: ReactNode;
  error?: string | undefined;
  optional?: boolean;
  className?: string;
  children: (control: FieldControl) => ReactNode;
};

/** A label, its control, and below them the help or what is wrong, tied together for screen readers. */
export function Field({ label, help, error, optional = false, className, children }: FieldProps) {
  const id = useId();
  const noteId = `${id}-note`;
  const hasNote = error !== undefined || help !== undefined;
  return (
    <div className={cx("min-w-0", className)}>
      <label htmlFor={id} className="mb-1.5 flex items-baseline gap-2 text-[0.8125rem] font-medium">
        {label}
        {optional && <span className="text-xs font-normal text-ink-3">optional</span>}
      </label>
      {children({
        id,
        ...(error === undefined ? {} : { "aria-invalid": true as const }),
        ...(hasNote ? { "aria-describedby": noteId } : {}),
      })}
      {hasNote && (
        <div id={noteId} className={cx("mt-1.5 text-xs", error === undefined ? "text-ink-3" : "text-bad")}>
          {error === undefined ? help : <FieldError text={error} />}
        </div>
      )}
    </div>
  );
}

export function FieldError({ text }: { text: string }) {
  return (
    <span role="alert" className="flex items-start gap-1.5 text-xs text-bad">
      <CircleAlert className="mt-px size-3.5 shrink-0" aria-hidden />
      <span className="min-w-0 break-words">{text}</span>
    </span>
  );
}
