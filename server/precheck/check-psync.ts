import { checkOf } from "./check-result.ts";
import type { Check } from "./precheck-report.ts";

/** A shard lets us replicate from it: PSYNC and REPLCONF exist and the user may call them. */
export const checkPsync: Check = ({ shards }) =>
  shards
    .filter((shard) => shard.failure === null)
    .map((shard) => {
      const check = checkOf("psync-permitted", "PSYNC permitted", shard.subject);
      const refusal = shard.refusals.get("PSYNC") ?? shard.refusals.get("REPLCONF");
      if (refusal) return check.refused(refusal);
      if (!shard.refusals.has("PSYNC")) {
        return check.ok("Whether PSYNC is permitted will be seen at the start.", "unknown");
      }
      return check.ok("The user may call PSYNC and REPLCONF.");
    });
