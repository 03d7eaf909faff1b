"use client";

import { CircleCheck } from "lucide-react";
import { ProgressBar } from "@/components/controls/progress-bar";
import { formatByteRate, formatBytes } from "@/components/format/bytes";
import { formatCount, formatPercent, formatPlural, formatRate } from "@/components/format/count";
import { formatDuration } from "@/components/format/duration";
import { useNow } from "@/components/live/now";
import type { ShardSummary } from "@/server/control/views/task-view";
import type { InitialSyncProgress, InitialSyncStep, ShardStatus } from "@/server/sync/report/shard-report";

const steps: Record<InitialSyncStep, string> = {
  "waiting-for-rdb": "The master is saving its RDB",
  transferring: "Receiving and applying the RDB",
  applying: "Applying the rest of the RDB",
  reconciling: "Removing keys that the shard no longer has",
};

type InitialSyncProps = { progress: InitialSyncProgress; rates: ShardSummary["rates"]; status: ShardStatus };

/** How far the copy of the shard's snapshot is; one line once it is done. */
export function InitialSync({ progress, rates, status }: InitialSyncProps) {
  if (progress.finishedAt !== null) return <Done progress={progress} />;
  const running = status === "initial-sync";
  const share = shareOf(progress);
  return (
    <div className="mt-4 rounded-lg bg-sunken px-3.5 py-3">
      <div className="flex items-baseline justify-between gap-3">
        <p className="text-[0.8125rem] font-medium">
          {running ? steps[progress.step] : "Initial sync, interrupted"}
        </p>
        <p className="num text-[0.8125rem] font-semibold">{share.text}</p>
      </div>
      <div className="mt-2">
        <ProgressBar label="Initial sync" fraction={share.applied} ahead={share.received} />
      </div>
      <InitialSyncNumbers progress={progress} rates={running ? rates : null} />
      {progress.attempt > 1 && (
        <p className="text-xs text-ink-3">
          Attempt {progress.attempt}: {progress.why}
        </p>
      )}
    </div>
  );
}

type NumbersProps = { progress: InitialSyncProgress; rates: ShardSummary["rates"] | null };

/** Two lines whatever they say, so that nothing below moves. */
function InitialSyncNumbers({ progress, rates }: NumbersProps) {
  const now = useNow();
  if (progress.step === "waiting-for-rdb") {
    const waited = Math.max(0, Math.floor((now - progress.startedAt) / 1000));
    return (
      <p className="num mt-2 min-h-8 text-xs text-ink-2">
        for {formatDuration(waited)}; the transfer starts when the RDB is written
      </p>
    );
  }
  const bytes = [
    formatBytes(progress.rdbBytesApplied) +
      (progress.rdbBytesTotal === null ? "" : ` of ${formatBytes(progress.rdbBytesTotal)}`),
    rates?.rdbBytesPerSecond != null && formatByteRate(rates.rdbBytesPerSecond),
  ];
  const keys = [
    progress.keysTotal === null
      ? formatPlural(progress.keysApplied, "key")
      : `${formatCount(progress.keysApplied)} of ${formatPlural(progress.keysTotal, "key")}`,
    rates?.keysPerSecond != null && formatRate(rates.keysPerSecond),
  ];
  const left = secondsLeft(progress, rates);
  return (
    <div className="num mt-2 flex items-start justify-between gap-3 text-xs text-ink-2">
      <div>
        <p>{bytes.filter(Boolean).join(" · ")}</p>
        <p>{keys.filter(Boolean).join(" · ")}</p>
      </div>
      {left !== null && <p className="whitespace-nowrap">{formatDuration(Math.ceil(left))} left</p>}
    </div>
  );
}

/** By bytes, else by keys, since a diskless master gives no length. */
function secondsLeft(progress: InitialSyncProgress, rates: ShardSummary["rates"] | null): number | null {
  if (rates === null || rates.initialSyncSecondsLeft !== null) return rates?.initialSyncSecondsLeft ?? null;
  if (progress.keysTotal === null || rates.keysPerSecond === null || rates.keysPerSecond <= 0) return null;
  return Math.max(0, progress.keysTotal - progress.keysApplied) / rates.keysPerSecond;
}

function Done({ progress }: { progress: InitialSyncProgress }) {
  const seconds = ((progress.finishedAt ?? 0) - progress.startedAt) / 1000;
  return (
    <p className="num mt-3 flex items-start gap-1.5 text-[0.8125rem] text-ink-2">
      <CircleCheck className="mt-[3px] size-3.5 shrink-0 text-good" aria-hidden />
      <span>
        Initial sync done in {formatDuration(seconds)}
        {progress.attempt > 1 && `, on attempt ${progress.attempt}`}:{" "}
        {formatPlural(progress.keysApplied, "key")}, {formatBytes(progress.rdbBytesReceived)}
      </span>
    </p>
  );
}

/** Fractions by RDB bytes, else by keys; null where the master gave no length and no count. */
function shareOf(progress: InitialSyncProgress): {
  applied: number | null;
  received: number | null;
  text: string;
} {
  if (progress.step === "waiting-for-rdb") return { applied: null, received: null, text: "" };
  const { rdbBytesTotal: total, keysTotal } = progress;
  if (total !== null && total > 0) {
    return {
      applied: progress.rdbBytesApplied / total,
      received: progress.rdbBytesReceived / total,
      text: formatPercent(progress.rdbBytesApplied, total),
    };
  }
  if (keysTotal !== null && keysTotal > 0) {
    return {
      applied: progress.keysApplied / keysTotal,
      received: null,
      text: formatPercent(progress.keysApplied, keysTotal),
    };
  }
  return { applied: null, received: null, text: "" };
}
