import { Check, Circle, CircleDot, Loader } from "lucide-react";
import { cx } from "@/components/format/cx";
import type { CutoverStep } from "@/server/control/tasks/cutover-state";
import { shownStep, stepWords } from "./step-words";

type State = "done" | "now" | "busy" | "later";

const looks = {
  done: { Icon: Check, word: "done", color: "text-good", line: "bg-good-soft" },
  now: { Icon: CircleDot, word: "now", color: "text-river", line: "bg-river-soft" },
  busy: { Icon: Loader, word: "under way", color: "text-busy", line: "bg-busy-soft" },
  later: { Icon: Circle, word: "later", color: "text-ink-3", line: "" },
} as const;

/** Where the cutover is among its steps. */
export function CutoverStepper({ step }: { step: CutoverStep | undefined }) {
  const at = stepWords.findIndex((words) => words.step === shownStep(step));
  const stateOf = (index: number): State => {
    if (step === undefined || step === "left") return "later";
    if (index < at || step === "finished") return "done";
    if (index > at) return "later";
    return step === "settle" || step === "finish" ? "busy" : "now";
  };
  return (
    <ol
      aria-label="Steps of the cutover"
      className="mt-6 grid grid-cols-2 gap-2 sm:grid-cols-3 lg:grid-cols-6"
    >
      {stepWords.map(({ step: key, name, icon: StepIcon }, index) => {
        const state = stateOf(index);
        const { Icon, word, color, line } = looks[state];
        return (
          <li
            key={key}
            data-step={key}
            data-state={state}
            aria-current={state === "now" || state === "busy" ? "step" : undefined}
            className={cx("flex items-center gap-2.5 rounded-xl border px-3 py-2.5", line || "bg-surface")}
          >
            <StepIcon className={cx("size-4 shrink-0", color)} aria-hidden />
            <span className="min-w-0">
              <span
                className={cx("block text-[0.8125rem]", state === "later" ? "text-ink-2" : "font-medium")}
              >
                {index + 1}. {name}
              </span>
              <span className={cx("flex items-center gap-1 text-xs", color)}>
                <Icon className={cx("size-3", state === "busy" && "motion-safe:animate-spin")} aria-hidden />
                {word}
              </span>
            </span>
          </li>
        );
      })}
    </ol>
  );
}
