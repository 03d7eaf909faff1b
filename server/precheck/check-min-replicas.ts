import { checkOf } from "./check-result.ts";
import type { Check } from "./precheck-report.ts";

/** The shard does not count replicas for its safety: Tributary acknowledges as one and would be counted. */
export const checkMinReplicas: Check = ({ shards }) =>
  shards.flatMap((shard) => {
    const value = shard.settings.get("min-replicas-to-write") ?? shard.settings.get("min-slaves-to-write");
    if (value === undefined || shard.failure !== null) return [];
    const check = checkOf(
      "min-replicas",
      { ok: "No replica must acknowledge", found: "Replicas must acknowledge" },
      shard.subject,
    );
    if (value === "0") return [check.ok("None is demanded.", value)];
    return [
      check.warning(
        "Tributary acknowledges as a replica does and is counted as one, so that writes may be accepted with one real replica less.",
        `While the task runs: CONFIG SET min-replicas-to-write ${Number(value) + 1} (min-slaves-to-write before 5.0)`,
        value,
      ),
    ];
  });
