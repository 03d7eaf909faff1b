import { catalogue } from "../../errors/catalogue.ts";
import { type PlainReason, TributaryError } from "../../errors/tributary-error.ts";
import type { MergePolicy } from "../../merge/merge-policy.ts";
import type { PrecheckInput, PrecheckReport } from "../../precheck/precheck-report.ts";
import type { SourceConfig, TaskPlan } from "../plan/task-plan.ts";

export type { CheckResult, PrecheckReport } from "../../precheck/precheck-report.ts";

/** The checks, as server/precheck runs them; a test has its own. */
export type RunPrechecks = (input: PrecheckInput) => Promise<PrecheckReport>;

/** @param taskId of a task that may have run before, as that of a command line; null for a new one. */
export function precheckInput(plan: TaskPlan, taskId: string | null = null): PrecheckInput {
  const { databases, source } = plan;
  return {
    shards: plan.shards,
    destination: plan.destination,
    databases: databases.kind === "all" ? null : databases.pairs,
    heartbeatDb: plan.heartbeatDb,
    ...nutcrackerQuestions(source, plan.mergePolicy),
    merge: {
      taskId,
      began: false,
      destinationKeys: plan.destinationKeys,
      ring: plan.ring,
      readsOnce: plan.source.kind === "nutcracker",
    },
  };
}

/** What the checks are to find out of the proxy. */
export function nutcrackerQuestions(
  source: SourceConfig,
  mergePolicy: MergePolicy,
): Pick<PrecheckInput, "autoEjectHosts" | "stats"> {
  if (source.kind === "shards") return {};
  const { pool, stats } = source;
  const servers = pool.servers.map(({ name }) => name);
  return {
    autoEjectHosts: pool.autoEjectHosts,
    ...(stats === undefined ? {} : { stats: { address: stats, pool: pool.name, servers, mergePolicy } }),
  };
}

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
