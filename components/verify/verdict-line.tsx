import { History } from "lucide-react";
import Link from "next/link";
import { cx } from "@/components/format/cx";
import { Ago } from "@/components/live/ago";
import { toneText } from "@/components/status/status-words";
import type { VerificationRun } from "./use-verification";
import { verdictLooks } from "./verdict-looks";

type VerdictLineProps = {
  taskId: string;
  run: VerificationRun & { readonly part?: string | null };
  /** Why it no longer says what the destination holds. */
  stale?: string | null;
};

/** What a run came to, in one sentence, and how old that is; it leads to the run's page. */
export function VerdictLine({ taskId, run, stale = null }: VerdictLineProps) {
  const { icon: Icon, word, tone } = verdictLooks[run.outcome];
  const color = stale === null ? toneText[tone] : "text-ink-2";
  return (
    <div className="flex items-start gap-2.5" data-outcome={run.outcome} data-stale-verdict={stale !== null}>
      <Icon className={cx("mt-0.5 size-5 shrink-0", color)} aria-hidden />
      <div className="min-w-0">
        <p className={cx("font-medium", color)}>
          <Link href={`/tasks/${taskId}/verifications/${run.id}`} className="hover:underline">
            {word}
          </Link>
        </p>
        <p className="num mt-0.5 break-words">{run.sentence}</p>
        <p className="num mt-1 flex flex-wrap items-center gap-x-1.5 text-xs text-ink-3">
          {stale !== null && <History className="size-3.5 shrink-0" aria-hidden />}
          <Ago at={run.finishedAt} />
          {stale !== null && <span>Stale: {stale}</span>}
          {run.part && <span>Looked at: {run.part}</span>}
        </p>
      </div>
    </div>
  );
}
