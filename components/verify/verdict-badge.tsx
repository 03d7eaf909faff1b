"use client";

import { History } from "lucide-react";
import Link from "next/link";
import { cx } from "@/components/format/cx";
import { Ago } from "@/components/live/ago";
import { toneText } from "@/components/status/status-words";
import type { LastVerdict } from "@/server/control/views/task-view";
import { verdictLooks } from "./verdict-looks";

type VerdictBadgeProps = { taskId: string; verdict: LastVerdict | null; className?: string };

/** What the last verification came to and how old that is; without its color once it says nothing of now. */
export function VerdictBadge({ taskId, verdict, className }: VerdictBadgeProps) {
  if (verdict === null) return null;
  const { icon, word, tone } = verdictLooks[verdict.outcome];
  const { stale, part } = verdict;
  const Icon = stale === null ? icon : History;
  const title = [verdict.sentence, part && `Looked at: ${part}`, stale && `Stale: ${stale}`].filter(Boolean);
  return (
    <Link
      href={`/tasks/${taskId}/verifications/${verdict.id}`}
      title={title.join(". ")}
      data-verdict={verdict.outcome}
      data-stale-verdict={stale !== null}
      className={cx(
        "num relative z-10 inline-flex max-w-full items-center gap-1.5 rounded text-xs hover:underline",
        stale === null ? toneText[tone] : "text-ink-3",
        className,
      )}
    >
      <Icon className="size-3.5 shrink-0" aria-hidden />
      <span className="min-w-0">
        {stale === null ? "Verified: " : "Stale: "}
        {word.toLowerCase()}
        {part !== null && " (a part)"}, <Ago at={verdict.finishedAt} />
      </span>
    </Link>
  );
}
