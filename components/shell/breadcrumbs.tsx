import { ChevronRight } from "lucide-react";
import Link from "next/link";

/** The way back up: each step is a link, the page itself is the heading below. */
export function Breadcrumbs({ steps }: { steps: readonly { href: string; label: string }[] }) {
  return (
    <nav aria-label="Breadcrumbs" className="mb-2">
      <ol className="flex flex-wrap items-center gap-1 text-[0.8125rem] text-ink-3">
        {steps.map((step) => (
          <li key={step.href} className="flex min-w-0 items-center gap-1">
            <Link href={step.href} className="max-w-[16rem] truncate rounded hover:text-ink hover:underline">
              {step.label}
            </Link>
            <ChevronRight className="size-3.5 shrink-0" aria-hidden />
          </li>
        ))}
      </ol>
    </nav>
  );
}
