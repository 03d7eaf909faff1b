import type { MergePolicy } from "../../merge/merge-policy.ts";
import type { PrecheckInput } from "../../precheck/precheck-input.ts";
import type { SourceConfig } from "./planned-source.ts";
import type { TaskPlan } from "./task-plan.ts";

/**
 * What the checks of a start are asked.
 * @param taskId of a task that may have run before, as that of a command line; null for a new one.
 */
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
