import type { PrecheckReport } from "../../precheck/precheck-report.ts";
import { formatAddress } from "../../redis/endpoint.ts";
import type { PlannedShard } from "./planned-source.ts";
import type { TaskPlan } from "./task-plan.ts";

/**
 * Names of a pool whose addresses differ in their text alone, such as a host's two names, are one server: its
 * run_id says so. It becomes one shard, and the ring keeps all names.
 */
export function readOnce(plan: TaskPlan, { shards: asked }: Pick<PrecheckReport, "shards">): TaskPlan {
  if (plan.source.kind !== "nutcracker") return plan;
  const runIdOf = new Map(asked.map(({ id, runId }) => [id, runId || null]));
  const groups = new Map<string, PlannedShard[]>();
  for (const shard of plan.shards) {
    const key = runIdOf.get(shard.id) ?? `shard ${shard.id}`;
    groups.set(key, [...(groups.get(key) ?? []), shard]);
  }
  if (groups.size === plan.shards.length) return plan;
  const shards = [...groups.values()].map((group) => {
    const [first] = group as [PlannedShard];
    if (group.length === 1) return first;
    const weight = group.reduce((sum, shard) => sum + shard.weight, 0);
    return { ...first, name: formatAddress(first.endpoint), weight };
  });
  const firstOf = new Map([...groups.values()].flatMap((group) => group.map(({ id }) => [id, group[0]!.id])));
  const servers = plan.ring?.servers.map((server) => ({
    ...server,
    shardId: firstOf.get(server.shardId)!,
  }));
  return { ...plan, shards, ring: plan.ring && { ...plan.ring, servers: servers! } };
}
