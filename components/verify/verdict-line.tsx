import { CircleCheck, CircleHelp, CircleSlash, CircleX, History } from "lucide-react";
import { cx } from "@/components/format/cx";
import { Ago } from "@/components/live/ago";
import { useNow } from "@/components/live/now";
import type { Outputs } from "@/components/live/trpc";

export type VerificationRun = Outputs["verify"]["view"]["runs"][number];

const looks = {
  equal: { Icon: CircleCheck, word: "Equal", color: "text-good" },
  different: { Icon: CircleX, word: "Different", color: "text-bad" },
  unknown: { Icon: CircleHelp, word: "Could not tell", color: "text-warn" },
  failed: { Icon: CircleX, word: "Failed", color: "text-bad" },
  canceled: { Icon: CircleSlash, word: "Canceled", color: "text-ink-2" },
} as const;

/** After this a verdict says little of what the destination holds now, ms. */
const STALE_MS = 60 * 60 * 1000;

/** What a run came to, in one sentence, and how old that is. */
export function VerdictLine({ run }: { run: VerificationRun }) {
  const { Icon, word, color } = looks[run.outcome];
  const stale = useNow() - run.finishedAt > STALE_MS;
  return (
    <div className="flex items-start gap-2.5">
      <Icon className={cx("mt-0.5 size-5 shrink-0", stale ? "text-ink-3" : color)} aria-hidden />
      <div className="min-w-0">
        <p className={cx("font-medium", stale ? "text-ink-2" : color)}>{word}</p>
        <p className="num mt-0.5 break-words">{run.sentence}</p>
        <p className="num mt-1 flex items-center gap-1.5 text-xs text-ink-3">
          {stale && <History className="size-3.5 shrink-0" aria-hidden />}
          <span>
            {stale && "Old: "}
            <Ago at={run.finishedAt} />
          </span>
        </p>
      </div>
    </div>
  );
}
