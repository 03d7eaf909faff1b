import { type PlainReason, toReason } from "../errors/tributary-error.ts";
import { type RunPrechecks, reasonAgainst } from "./precheck-verdict.ts";
import type { SecretBox } from "./secret-box.ts";
import type { TaskRun } from "./task-run.ts";
import { precheckInputOf } from "./task-specs.ts";

/**
 * Runs the checks of a start. `done` hears what stands against it, or null; it hears nothing when another
 * action came in between.
 */
export function checkTask(
  run: TaskRun,
  options: { readonly runPrechecks: RunPrechecks; readonly box: SecretBox },
  since: number,
  done: (failure: PlainReason | null) => void,
): void {
  const checking = { since };
  run.checking = checking;
  void Promise.resolve()
    .then(() => options.runPrechecks(precheckInputOf(run.record, options.box)))
    .then((report) => reasonAgainst(report, true), toReason)
    .then((failure) => {
      if (run.checking !== checking) return;
      run.checking = null;
      done(failure);
    });
}
