"use client";

import { LoaderCircle } from "lucide-react";
import { useEffect } from "react";
import { formatAge } from "@/components/format/duration";
import { useLinkState } from "./live-link";
import { useNow } from "./now";

/** Blips shorter than this are not worth a word. */
const patienceMs = 1500;

/** Says that the server cannot be heard and that what is on the page is old; it goes away by itself. */
export function ConnectionBanner() {
  const link = useLinkState();
  const now = useNow();
  const lost = !link.open && now - link.since >= patienceMs;

  useEffect(() => {
    document.documentElement.toggleAttribute("data-stale", lost);
  }, [lost]);

  return (
    <div role="status" aria-live="polite" className="pointer-events-none fixed inset-x-0 bottom-4 z-30 px-4">
      {lost && (
        <div className="mx-auto flex w-fit max-w-full animate-[appear_160ms_ease-out] items-center gap-2.5 rounded-full border border-warn/40 bg-warn-soft px-4 py-2 text-sm text-warn shadow-high">
          <LoaderCircle className="size-4 shrink-0 animate-spin" aria-hidden />
          <span>
            <span className="font-medium">Reconnecting…</span> The numbers are{" "}
            <span className="num">{formatAge(now - link.since)}</span> old. Synchronisation goes on without
            this page.
          </span>
        </div>
      )}
    </div>
  );
}
