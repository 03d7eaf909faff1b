import type { ReactNode } from "react";
import { cx } from "@/components/format/cx";

/** A small label over its value; use inside a `<dl>`. */
export function Fact({
  label,
  children,
  className,
}: {
  label: string;
  children: ReactNode;
  className?: string;
}) {
  return (
    <div className={cx("min-w-0", className)}>
      <dt className="text-xs text-ink-3">{label}</dt>
      <dd className="num mt-0.5 min-w-0 text-sm break-words">{children}</dd>
    </div>
  );
}

/** A value that is not known; never a zero in its place. */
export function Unknown({ text = "unknown" }: { text?: string }) {
  return <span className="text-ink-3">{text}</span>;
}
