"use client";

import { Hint } from "@/components/controls/hint";
import { formatBytes } from "@/components/format/bytes";
import { formatDuration } from "@/components/format/duration";
import type { Lag } from "@/server/sync/report/shard-report";

/** Lag in seconds, and in bytes below it; what is unknown says so and why. */
export function LagValue({ lag, large = false }: { lag: Lag; large?: boolean }) {
  return (
    <div className="num leading-tight">
      <div className={large ? "flex h-6 items-center text-xl font-semibold tracking-tight" : "font-medium"}>
        {lag.seconds === null ? (
          <UnknownBecause why={lag.secondsUnknownBecause} />
        ) : (
          <span>{formatDuration(lag.seconds)}</span>
        )}
      </div>
      <div className="mt-1 text-xs text-ink-3">
        {lag.bytes === null ? "bytes unknown" : `${formatBytes(lag.bytes)} behind`}
      </div>
    </div>
  );
}

function UnknownBecause({ why }: { why: string | null }) {
  if (why === null) return <span className="text-sm font-normal text-ink-3">unknown</span>;
  return (
    <Hint text={why}>
      <button
        type="button"
        aria-label={`unknown: ${why}`}
        className="relative z-10 cursor-help text-sm font-normal tracking-normal text-ink-3 underline decoration-dotted underline-offset-3"
      >
        unknown
      </button>
    </Hint>
  );
}
