"use client";

import { formatAge, formatAgo, formatMoment } from "@/components/format/duration";
import { useHydrated, useNow } from "./now";

type AgoProps = {
  /** ms since the epoch. */
  at: number;
  /** 'ago' writes '12 s ago', 'for' writes '12 s'. */
  form?: "ago" | "for";
  className?: string;
};

/** A moment as its age, with the absolute time as its title. */
export function Ago({ at, form = "ago", className }: AgoProps) {
  const now = useNow();
  const hydrated = useHydrated();
  return (
    <time
      dateTime={new Date(at).toISOString()}
      title={formatMoment(at, hydrated ? undefined : "UTC")}
      className={className}
    >
      {form === "ago" ? formatAgo(at, now) : formatAge(now - at)}
    </time>
  );
}
