import Link from "next/link";
import type { ReactNode } from "react";

type LinkTabsProps = {
  label: string;
  tabs: readonly { href: string; label: ReactNode; current: boolean; id: string }[];
};

/** One of a few choices that stands in the page's address. */
export function LinkTabs({ label, tabs }: LinkTabsProps) {
  return (
    <nav aria-label={label} className="min-w-0 max-w-full">
      <ul className="inline-flex flex-wrap rounded-lg border bg-sunken p-0.5">
        {tabs.map(({ id, href, label: text, current }) => (
          <li key={id}>
            <Link
              href={href}
              scroll={false}
              aria-current={current ? "true" : undefined}
              className="num inline-flex h-7 items-center gap-1.5 rounded-md px-2.5 text-[0.8125rem] whitespace-nowrap text-ink-2 transition-colors hover:text-ink aria-[current]:bg-surface aria-[current]:font-medium aria-[current]:text-ink aria-[current]:shadow-card aria-[current]:ring-1 aria-[current]:ring-line"
            >
              {text}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
