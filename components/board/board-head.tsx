"use client";

import { TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { formatRate } from "@/components/format/count";
import { cx } from "@/components/format/cx";
import { formatAge, formatDuration } from "@/components/format/duration";
import { useNow } from "@/components/live/now";
import { toneText } from "@/components/status/status-words";
import type { Health } from "@/server/control/views/status-board";
import { healthLooks, type Problem } from "./board-words";

type BoardHeadProps = {
  headline: string;
  health: Health;
  /** Since when what is shown is old; null while it is not. */
  oldSince: number | null;
  figures: ReactNode;
  /** A line or two of what needs somebody. */
  problems: readonly Problem[];
  controls: ReactNode;
};

const largest = "text-[clamp(1.375rem,2.6vw,4rem)]";

/** The answer in one sentence, or that there is none. */
export function BoardHead({ headline, health, oldSince, figures, problems, controls }: BoardHeadProps) {
  const { tone, icon: Icon } = healthLooks[health];
  const isOld = oldSince !== null;
  return (
    <header
      className={cx(
        "mb-3 rounded-2xl border px-4 py-3 sm:px-6 sm:py-4",
        isOld ? "border-transparent bg-bad text-surface" : "bg-surface shadow-card",
      )}
    >
      <div className="flex flex-wrap items-center justify-between gap-x-8 gap-y-2">
        <div role="status" className="min-w-0 flex-1 basis-48">
          <h1
            className={cx(
              "flex items-center gap-[0.4em] leading-tight font-semibold tracking-[-0.02em] text-balance",
              largest,
              !isOld && toneText[tone],
            )}
          >
            {isOld ? (
              <TriangleAlert className="size-[1.1em] shrink-0" aria-hidden />
            ) : (
              <Icon className="size-[1.1em] shrink-0" aria-hidden />
            )}
            {isOld ? "Nothing heard from Tributary" : headline}
          </h1>
        </div>
        <div className={cx("flex items-center gap-1 sm:order-last", isOld && "[&_*]:text-surface")}>
          {controls}
        </div>
        <div className="max-sm:basis-full">{isOld ? <OldFor since={oldSince} /> : figures}</div>
      </div>
      {!isOld &&
        problems.map(({ id, where, what }) => (
          <p key={id} className="mt-1 truncate text-[clamp(0.8125rem,1vw,1.375rem)] text-ink-2" title={what}>
            <span className="font-semibold text-ink">{where}</span> {what}
          </p>
        ))}
    </header>
  );
}

function OldFor({ since }: { since: number }) {
  const now = useNow();
  return (
    <p className="text-[clamp(0.9375rem,1.4vw,2rem)]">
      What you see is <span className="font-semibold tabular-nums">{formatAge(now - since)}</span> old. Nobody
      knows what is true now.
    </p>
  );
}

type FiguresProps = {
  synchronizing: number;
  shards: number;
  worstLagSeconds: number | null;
  commandsPerSecond: number | null;
};

export function BoardFigures({ synchronizing, shards, worstLagSeconds, commandsPerSecond }: FiguresProps) {
  return (
    <dl className="flex flex-wrap gap-x-[clamp(1rem,2.5vw,4rem)] gap-y-1">
      <Figure label="Synchronizing">
        {synchronizing}
        <span className="text-ink-3"> / {shards}</span>
      </Figure>
      <Figure label="Worst lag">{worstLagSeconds === null ? "–" : formatDuration(worstLagSeconds)}</Figure>
      <Figure label="Commands">{commandsPerSecond === null ? "–" : formatRate(commandsPerSecond)}</Figure>
    </dl>
  );
}

function Figure({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="flex flex-col-reverse">
      <dt className="text-[clamp(0.6875rem,0.75vw,1.125rem)] text-ink-3">{label}</dt>
      <dd className="num text-[clamp(1.125rem,2vw,3rem)] leading-tight font-semibold tracking-tight whitespace-nowrap">
        {children}
      </dd>
    </div>
  );
}
