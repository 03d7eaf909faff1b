import { formatCount } from "@/components/format/count";
import { cx } from "@/components/format/cx";
import type { Outputs } from "@/components/live/trpc";
import { toneText } from "@/components/status/status-words";
import { verdictLooks } from "./verdict-looks";

type VerdictHeadProps = {
  run: Pick<Outputs["verify"]["run"], "id" | "outcome" | "sentence" | "part">;
};

/** The heading of a run's page: the verdict, below it how that was come to, and which run it is. */
export function VerdictHead({ run: { id, outcome, sentence, part } }: VerdictHeadProps) {
  const { icon: Icon, tone, says } = verdictLooks[outcome];
  return (
    <header className="flex items-start gap-3" data-outcome={outcome}>
      <Icon className={cx("mt-0.5 size-7 shrink-0", toneText[tone])} aria-hidden />
      <div className="min-w-0">
        <h1 className={cx("text-[1.375rem] leading-tight font-semibold tracking-[-0.02em]", toneText[tone])}>
          {says}
        </h1>
        <p className="num mt-1 text-[0.9375rem] break-words">{sentence}</p>
        <p className="num mt-0.5 text-[0.8125rem] break-words text-ink-3">
          Verification {formatCount(id)}
          {part !== null && <span>, of {part} only</span>}
        </p>
      </div>
    </header>
  );
}
