"use client";

import { CircleHelp } from "lucide-react";
import { cx } from "@/components/format/cx";
import { useLost } from "@/components/live/use-lost";
import type { ShardStatus } from "@/server/sync/report/shard-report";
import { statusWords, toneSoft } from "./status-words";

/** A status as icon and word on a soft ground; without its color once nobody knows whether it still holds. */
export function StatusBadge({ status, className }: { status: ShardStatus; className?: string }) {
  const { word, tone, icon, meaning } = statusWords[status];
  const lost = useLost() !== null;
  const Icon = lost ? CircleHelp : icon;
  return (
    <span
      title={lost ? `What it was when Tributary last answered: ${meaning}` : meaning}
      data-status={status}
      data-lost={lost || undefined}
      className={cx(
        "inline-flex h-6 items-center gap-1.5 rounded-full px-2.5 text-[0.8125rem] font-medium whitespace-nowrap",
        toneSoft[lost ? "idle" : tone],
        className,
      )}
    >
      <Icon
        className={cx(
          "size-3.5 shrink-0",
          !lost && status === "retrying" && "motion-safe:animate-spin [animation-duration:3s]",
        )}
        aria-hidden
      />
      {lost ? `Was ${word.toLowerCase()}` : word}
    </span>
  );
}
