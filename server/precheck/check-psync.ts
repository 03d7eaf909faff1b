import { checkOf } from "./check-result.ts";
import type { Check } from "./precheck-report.ts";

/** A shard lets us replicate from it: PSYNC and REPLCONF exist and the user may call them. */
export const checkPsync: Check = ({ shards }) =>
  shards
    .filter((shard) => shard.failure === null)
    .map((shard) => {
      const untried = checkOf("psync-permitted", { ok: "PSYNC not tried yet", found: "" }, shard.subject);
      const check = checkOf(
        "psync-permitted",
        { ok: "PSYNC permitted", found: "PSYNC not permitted" },
        shard.subject,
      );
      const refusal = shard.refusals.get("PSYNC") ?? shard.refusals.get("REPLCONF");
      if (refusal) return check.refused(refusal);
      if (!shard.refusals.has("PSYNC")) {
        return untried.ok("Whether PSYNC is permitted will be seen at the start.", "unknown");
      }
      return check.ok("The user may call PSYNC and REPLCONF.");
    });
