import Link from "next/link";
import { formatCount } from "@/components/format/count";
import { cx } from "@/components/format/cx";
import { formatDuration } from "@/components/format/duration";
import { Ago } from "@/components/live/ago";
import type { Outputs } from "@/components/live/trpc";
import { toneText } from "@/components/status/status-words";
import { verdictLooks } from "./verdict-looks";

type Run = Outputs["verify"]["history"][number];

type RunHistoryProps = {
  taskId: string;
  runs: readonly Run[];
};

/** The runs that are kept, newest first; each leads to its page. */
export function RunHistory({ taskId, runs }: RunHistoryProps) {
  return (
    <ol className="divide-y border-t" aria-label="Verifications, newest first">
      {runs.map((run) => {
        const { icon: Icon, word, tone } = verdictLooks[run.outcome];
        return (
          <li
            key={run.id}
            data-run={run.id}
            className="relative grid gap-x-5 gap-y-1 px-4 py-3 transition-colors hover:bg-sunken/70 sm:px-5 md:grid-cols-[10rem_minmax(0,1fr)_11rem]"
          >
            <p className={cx("flex items-start gap-2 font-medium", toneText[tone])}>
              <Icon className="mt-0.5 size-4 shrink-0" aria-hidden />
              <Link
                href={`/tasks/${taskId}/verifications/${run.id}`}
                className="after:absolute after:inset-0 hover:underline"
              >
                {word}
                <span className="sr-only">, verification {run.id}</span>
              </Link>
            </p>
            <div className="num min-w-0">
              <p className="break-words">{run.sentence}</p>
              {run.part !== null && <p className="text-xs break-words text-ink-3">Looked at: {run.part}</p>}
            </div>
            <p className="num text-xs leading-5 text-ink-3 md:text-right">
              <Ago at={run.finishedAt} />, took {formatDuration((run.finishedAt - run.startedAt) / 1000)}
              <span className="block">
                No. {formatCount(run.id)}
                {run.origin === "schedule" && ", by the schedule"}
              </span>
            </p>
          </li>
        );
      })}
    </ol>
  );
}
