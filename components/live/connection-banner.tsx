"use client";

import { LoaderCircle } from "lucide-react";
import { usePathname } from "next/navigation";
import { useEffect } from "react";
import { formatAge } from "@/components/format/duration";
import { isScreen } from "@/components/shell/screen";
import { useNow } from "./now";
import { useLost } from "./use-lost";

/**
 * Says that the server cannot be heard, what that means and what is not known; it goes away by itself. A screen says it
 * larger.
 */
export function ConnectionBanner() {
  const path = usePathname();
  const since = useLost();
  const now = useNow();
  const lost = since !== null;

  useEffect(() => {
    document.documentElement.toggleAttribute("data-stale", lost);
  }, [lost]);

  return (
    <div role="status" aria-live="polite" className="pointer-events-none fixed inset-x-0 bottom-4 z-30 px-4">
      {since !== null && !isScreen(path) && (
        <div className="mx-auto flex w-fit max-w-full animate-[appear_160ms_ease-out] items-start gap-2.5 rounded-2xl border border-warn/40 bg-warn-soft px-4 py-2.5 text-sm text-warn shadow-high">
          <LoaderCircle className="mt-0.5 size-4 shrink-0 animate-spin" aria-hidden />
          <span>
            <span className="font-medium">Tributary does not answer. Reconnecting…</span> What you see is{" "}
            <span className="num">{formatAge(now - since)}</span> old. Check that Tributary is running: this
            page cannot tell whether synchronization continues.
          </span>
        </div>
      )}
    </div>
  );
}
