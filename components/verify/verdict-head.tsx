import { cx } from "@/components/format/cx";
import { toneText } from "@/components/status/status-words";
import type { VerificationOutcome } from "@/server/control/verification/verification-store";
import { verdictLooks } from "./verdict-looks";

type VerdictHeadProps = {
  outcome: VerificationOutcome;
  sentence: string;
  /** Which part was looked at; null for all of it. */
  part: string | null;
};

/** What a run came to: the verdict, and beside it how that was come to. */
export function VerdictHead({ outcome, sentence, part }: VerdictHeadProps) {
  const { icon: Icon, tone, says } = verdictLooks[outcome];
  return (
    <div className="flex items-start gap-3" data-outcome={outcome}>
      <Icon className={cx("mt-0.5 size-6 shrink-0", toneText[tone])} aria-hidden />
      <div className="min-w-0">
        <p className={cx("text-lg leading-7 font-semibold tracking-[-0.01em]", toneText[tone])}>{says}</p>
        <p className="num mt-0.5 break-words">{sentence}</p>
        {part !== null && <p className="num mt-0.5 text-xs break-words text-ink-3">Looked at: {part}</p>}
      </div>
    </div>
  );
}
