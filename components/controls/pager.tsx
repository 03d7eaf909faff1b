import { ChevronLeft, ChevronRight } from "lucide-react";
import Link from "next/link";
import { formatCount } from "@/components/format/count";
import { buttonLook } from "./button";

type PagerProps = {
  label: string;
  page: number;
  pages: number;
  href: (page: number) => string;
};

/** The way to the pages before and behind; nothing where there is one page. */
export function Pager({ label, page, pages, href }: PagerProps) {
  if (pages <= 1) return null;
  return (
    <nav aria-label={label} className="flex items-center justify-between gap-3 border-t px-4 py-3 sm:px-5">
      <Step to={page > 1 ? href(page - 1) : null}>
        <ChevronLeft className="size-3.5" aria-hidden />
        Previous
      </Step>
      <span className="num text-xs text-ink-3">
        Page {formatCount(page)} of {formatCount(pages)}
      </span>
      <Step to={page < pages ? href(page + 1) : null}>
        Next
        <ChevronRight className="size-3.5" aria-hidden />
      </Step>
    </nav>
  );
}

function Step({ to, children }: { to: string | null; children: React.ReactNode }) {
  if (to === null) return <span className="w-24" />;
  return (
    <Link href={to} className={buttonLook("plain", true)}>
      {children}
    </Link>
  );
}
