"use client";

import { usePathname } from "next/navigation";
import type { ReactNode } from "react";
import { NoLoginBanner } from "@/components/people/no-login-banner";
import { isScreen } from "./screen";

type FrameProps = { bar: ReactNode; notes: ReactNode; children: ReactNode };

/** What stands around a page: the bar above it, and room to its sides. */
export function Frame({ bar, notes, children }: FrameProps) {
  const path = usePathname();
  if (isScreen(path)) {
    return (
      <main id="main" tabIndex={-1} className="outline-none">
        <NoLoginBanner />
        {children}
      </main>
    );
  }
  return (
    <>
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-lg focus:bg-surface focus:px-4 focus:py-2 focus:shadow-high"
      >
        Skip to the content
      </a>
      {bar}
      <main
        id="main"
        tabIndex={-1}
        className="outline-none mx-auto max-w-[84rem] px-4 pt-6 pb-24 sm:px-6 sm:pt-8"
      >
        {notes}
        {children}
      </main>
    </>
  );
}
