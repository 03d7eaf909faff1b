import { Diff } from "lucide-react";
import { cx } from "@/components/format/cx";
import { toneSoft } from "./status-words";

/** e.g. "The destination differs from alpha-1, alpha-2." */
export function differsTitle({ differing }: { differing: readonly string[] }): string {
  return `The destination differs from ${differing.join(", ")}.`;
}

/** Beside a status: the destination is known to be other than the shard, whatever the shard sync does. */
export function DiffersBadge({ title, className }: { title: string; className?: string }) {
  return (
    <span
      title={title}
      data-differs
      className={cx(
        "inline-flex h-6 items-center gap-1.5 rounded-full px-2.5 text-[0.8125rem] font-medium whitespace-nowrap",
        toneSoft.warn,
        className,
      )}
    >
      <Diff className="size-3.5 shrink-0" aria-hidden />
      Differs
    </span>
  );
}
