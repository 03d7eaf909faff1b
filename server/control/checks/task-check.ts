import { type PlainReason, toReason } from "../../errors/tributary-error.ts";
import type { SecretBox } from "../secrets/secret-box.ts";
import type { StartConfirmation, TaskRecord } from "../tasks/task-record.ts";
import type { TaskRun } from "../tasks/task-run.ts";
import { precheckInputOf } from "../tasks/task-specs.ts";
import { type PrecheckReport, type RunPrechecks, reasonAgainst } from "./precheck-verdict.ts";
import { confirmStart, startQuestion } from "./start-confirmation.ts";

/** What the checks of a start came to: a reason against it, or who has confirmed it, where that was asked. */
export type Verdict =
  | { readonly failure: PlainReason }
  | { readonly failure: null; readonly confirmed: StartConfirmation | null };

/** Runs the checks of a start. `done` hears nothing when another action came in between. */
export function checkTask(
  run: TaskRun,
  options: { readonly runPrechecks: RunPrechecks; readonly box: SecretBox },
  since: number,
  done: (verdict: Verdict) => void,
): void {
  const checking = { since };
  run.checking = checking;
  void Promise.resolve()
    .then(() => options.runPrechecks(precheckInputOf(run.record, options.box, run.began)))
    .then(
      (report) => verdictOf(report, run.record),
      (error: unknown): Verdict => ({ failure: toReason(error) }),
    )
    .then((verdict) => {
      if (run.checking !== checking) return;
      run.checking = null;
      done(verdict);
    });
}

function verdictOf(report: PrecheckReport, { destinationKeys, confirmed }: TaskRecord): Verdict {
  const against = reasonAgainst(report, true);
  if (against !== null) return { failure: against };
  try {
    const answered = confirmStart(startQuestion(report, destinationKeys), confirmed, confirmed?.at ?? 0);
    return { failure: null, confirmed: answered ?? confirmed };
  } catch (error) {
    return { failure: toReason(error) };
  }
}
