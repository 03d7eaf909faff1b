import type { ComponentProps, ReactNode } from "react";
import { cx } from "@/components/format/cx";

/** A raised sheet: the one container of the pages. */
export function Card({ className, ...rest }: ComponentProps<"div">) {
  return <div {...rest} className={cx("rounded-xl border bg-surface shadow-card", className)} />;
}

type SectionProps = { title: string; aside?: ReactNode; children: ReactNode; className?: string };

/** A card with a heading, and an optional control or note at its end. */
export function CardSection({ title, aside, children, className }: SectionProps) {
  return (
    <section className={cx("min-w-0 rounded-xl border bg-surface shadow-card", className)}>
      <header className="flex min-h-12 flex-wrap items-center justify-between gap-x-4 px-4 py-2 sm:px-5">
        <h2 className="text-[0.9375rem] font-semibold tracking-[-0.01em]">{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  );
}
