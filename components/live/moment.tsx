"use client";

import { formatMoment } from "@/components/format/duration";
import { useHydrated } from "./now";

/** A moment in the browser's time zone; the server, which does not know that, writes it in UTC at first. */
export function Moment({ at, className }: { at: number; className?: string }) {
  const hydrated = useHydrated();
  return (
    <time dateTime={new Date(at).toISOString()} className={className}>
      {formatMoment(at, hydrated ? undefined : "UTC")}
    </time>
  );
}

/** A moment in a time zone of its own. */
export function MomentIn({ at, timeZone }: { at: number; timeZone: string }) {
  return <time dateTime={new Date(at).toISOString()}>{formatMoment(at, timeZone)}</time>;
}
