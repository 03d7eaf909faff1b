import { CircleCheck, CircleDashed, TriangleAlert } from "lucide-react";
import { cx } from "@/components/format/cx";
import type { Report } from "./report-sections";

const looks = {
  good: { Icon: CircleCheck, color: "text-good" },
  warn: { Icon: TriangleAlert, color: "text-warn" },
  open: { Icon: CircleDashed, color: "text-ink-2" },
} as const;

/** What the migration came to, before anything else of the report: is it over, is it all there, what was overridden. */
export function ReportVerdict({ report }: { report: Report }) {
  const { sentences, look } = verdictOf(report);
  const { Icon, color } = looks[look];
  return (
    <div className="mt-5 flex items-start gap-3" data-migration={look}>
      <Icon className={cx("mt-0.5 size-6 shrink-0", color)} aria-hidden />
      <div className="num min-w-0">
        <p className={cx("text-lg leading-7 font-semibold tracking-[-0.01em]", color)}>{sentences[0]}</p>
        {sentences.slice(1).map((sentence) => (
          <p key={sentence} className="mt-0.5 break-words">
            {sentence}
          </p>
        ))}
      </div>
    </div>
  );
}

function verdictOf({ task, verifications, shards, cutovers }: Report) {
  const finished = task.finishedAt !== null;
  const [last] = verifications.filter(({ outcome }) => outcome !== "failed" && outcome !== "canceled");
  const differing = shards.filter(({ differs }) => differs.length > 0).map(({ name }) => name);
  const overridden = (cutovers[0]?.overrides ?? []).map(({ gate }) => gate);
  const sentences = [
    finished ? "The migration is finished." : "The migration is not finished.",
    last === undefined ? "The destination was not verified." : `Last verification: ${last.sentence}.`,
    ...(differing.length > 0 ? [`Known to differ from the destination: ${differing.join(", ")}.`] : []),
    ...(overridden.length > 0 ? [`Gates overridden: ${overridden.join(", ")}.`] : []),
  ];
  const clean = last?.outcome === "equal" && differing.length === 0 && overridden.length === 0;
  const look: keyof typeof looks = !finished ? "open" : clean ? "good" : "warn";
  return { sentences, look };
}
