import { checkOf, formatBytes } from "./check-result.ts";
import type { Check, CheckResult } from "./precheck-report.ts";

/** The destination has room for the shards' data, and evicts none of it. */
export const checkDestinationMemory: Check = ({ shards, destination }) => {
  const { facts, address, subject } = destination;
  if (facts === null || destination.failure !== null) return [];
  const { settings } = destination;
  const maxMemory = facts.maxMemory ?? Number(settings.get("maxmemory") ?? 0);
  const policy = facts.maxMemoryPolicy ?? settings.get("maxmemory-policy") ?? "noeviction";
  return [...memoryResults(), ...policyResults()];

  function memoryResults(): CheckResult[] {
    const check = checkOf(
      "destination-memory",
      { ok: "Destination has room", found: "Destination may not have room" },
      subject,
    );
    const current = `${formatBytes(facts!.usedMemory)} of ${maxMemory === 0 ? "no limit" : formatBytes(maxMemory)}`;
    const full = [...destination.refusals.values()].find((refusal) => refusal?.code === "DESTINATION_FULL");
    if (full) return [{ ...check.refused(full), current }];
    if (maxMemory === 0) return [check.ok("It has no memory limit of its own.", current)];
    if (policy === "noeviction" && facts!.usedMemory >= maxMemory) {
      return [check.error("DESTINATION_FULL", { address, detail: `${current} is used` }, current)];
    }
    let needed = 0;
    for (const shard of shards) needed += shard.facts?.usedMemoryDataset ?? shard.facts?.usedMemory ?? 0;
    if (facts!.usedMemory + needed > maxMemory) {
      return [
        check.warning(
          `The shards hold ${formatBytes(needed)}, which does not fit into what is left of maxmemory.`,
          `Raise it to at least ${formatBytes(facts!.usedMemory + needed)}: CONFIG SET maxmemory ${facts!.usedMemory + needed}`,
          current,
        ),
      ];
    }
    return [check.ok(`There is room for the shards' ${formatBytes(needed)}.`, current)];
  }

  function policyResults(): CheckResult[] {
    const check = checkOf(
      "destination-eviction",
      { ok: "Destination evicts nothing", found: "Destination evicts keys" },
      subject,
    );
    if (policy === "noeviction") return [check.ok("It evicts no keys.", policy)];
    return [
      check.warning(
        "It evicts keys when memory is short, so it may hold fewer keys than the source.",
        "CONFIG SET maxmemory-policy noeviction",
        policy,
      ),
    ];
  }
};
