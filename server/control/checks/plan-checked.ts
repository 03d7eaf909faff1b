import { precheckInput } from "../plan/precheck-questions.ts";
import { readOnce } from "../plan/read-once.ts";
import type { TaskInput } from "../plan/task-input.ts";
import type { TaskPlan } from "../plan/task-plan.ts";
import type { StartConfirmation } from "../tasks/task-record.ts";
import { PrecheckError, type RunPrechecks, reasonAgainst } from "./precheck-verdict.ts";
import { confirmStart, type GivenConfirmation, startQuestion } from "./start-confirmation.ts";

export type CreateFlags = {
  readonly start: boolean;
  readonly skipChecks: boolean;
  readonly confirmation?: GivenConfirmation | null;
};

export type CheckedPlan = { readonly plan: TaskPlan; readonly confirmed: StartConfirmation | null };

/**
 * What a new task will do, once its servers have been asked. Without checks it is confirmed, if need be, by the
 * checks of its start.
 * @throws TributaryError whatever planTask throws, PrecheckError, UnconfirmedError
 */
export async function planChecked(
  input: Omit<TaskInput, "name">,
  { start, skipChecks, confirmation = null }: CreateFlags,
  servers: {
    readonly runPrechecks: RunPrechecks;
    readonly plan: (input: Omit<TaskInput, "name">) => Promise<TaskPlan>;
  },
  now: number,
): Promise<CheckedPlan> {
  const plan = await servers.plan(input);
  if (skipChecks) {
    const { destinationKeys } = plan;
    const kept = confirmation && { ...confirmation, at: now, destinationKeys, keys: null, neighbors: [] };
    return { plan, confirmed: kept };
  }
  const report = await servers.runPrechecks(precheckInput(plan));
  const against = reasonAgainst(report, false);
  if (against !== null) throw new PrecheckError(report, against);
  const question = start ? startQuestion(report, plan.destinationKeys) : null;
  return { plan: readOnce(plan, report), confirmed: confirmStart(question, confirmation, now) };
}
