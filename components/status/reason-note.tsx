import { CircleAlert, OctagonX, RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { capitalized } from "@/components/format/capitalized";
import { cx } from "@/components/format/cx";
import type { PlainReason } from "@/server/errors/tributary-error";

type Shown = Pick<PlainReason, "message" | "remedy"> & { retried?: boolean; code?: string };

type NoteProps = {
  reason: Shown;
  className?: string;
  /** The way on, where there is one to choose. */
  children?: ReactNode;
};

/** What happened and what can be done about it, as the catalogue says it. */
export function ReasonNote({ reason, className, children }: NoteProps) {
  const Icon = reason.retried === undefined ? CircleAlert : reason.retried ? RotateCw : OctagonX;
  const warn = reason.retried === true;
  return (
    <div
      className={cx(
        "flex min-w-0 gap-2.5 rounded-lg border px-3 py-2.5 text-[0.8125rem]",
        warn ? "border-warn/25 bg-warn-soft" : "border-bad/25 bg-bad-soft",
        className,
      )}
    >
      <Icon className={cx("mt-0.5 size-4 shrink-0", warn ? "text-warn" : "text-bad")} aria-hidden />
      <div className="min-w-0">
        <p className="font-medium break-words text-ink">{capitalized(reason.message)}</p>
        <p className="mt-0.5 break-words text-ink-2">{reason.remedy}</p>
        {reason.code !== undefined && (
          <p className="mt-1 font-mono text-[0.6875rem] text-ink-2">{reason.code}</p>
        )}
        {children}
      </div>
    </div>
  );
}
