import { catalogue } from "../../errors/catalogue.ts";
import { type PlainReason, TributaryError } from "../../errors/tributary-error.ts";
import type { PrecheckInput } from "../../precheck/precheck-input.ts";
import type { PrecheckReport } from "../../precheck/precheck-report.ts";

export type { CheckResult, PrecheckReport } from "../../precheck/precheck-report.ts";

/** The checks, as server/precheck runs them; a test has its own. */
export type RunPrechecks = (input: PrecheckInput) => Promise<PrecheckReport>;

/** Checks that stand against a task, under the code of the first of them, with all of them at hand. */
export class PrecheckError extends TributaryError {
  readonly report: PrecheckReport;
  readonly #reason: PlainReason;

  constructor(report: PrecheckReport, reason: PlainReason) {
    super(reason.code);
    this.message = reason.message;
    this.report = report;
    this.#reason = reason;
  }

  override toPlain(): PlainReason {
    return this.#reason;
  }
}

/**
 * The reason why a task may not run; null when it may. With `lasting` only what does not pass by itself
 * counts: a shard that is down for a moment is retried by its shard sync.
 */
export function reasonAgainst(report: PrecheckReport, lasting: boolean): PlainReason | null {
  for (const { level, code, message, remedy } of report.checks) {
    if (level !== "error") continue;
    const reason: PlainReason = {
      code: code ?? "INTERNAL",
      message,
      remedy: remedy ?? (code === null ? "" : catalogue[code].remedy),
      retried: code !== null && catalogue[code].retried,
    };
    if (!lasting || !reason.retried) return reason;
  }
  return null;
}
