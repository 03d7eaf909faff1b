import { checkOf } from "./check-result.ts";
import type { Check } from "./precheck-report.ts";

/** The heartbeat's key can be written on each shard; without it the lag is known in bytes only. */
export const checkHeartbeat: Check = ({ shards, heartbeatDb }) => {
  if (heartbeatDb === null) return [];
  return shards.flatMap((shard) => {
    const refusal = shard.refusals.get("SETEX");
    if (shard.failure !== null) return [];
    const untried = checkOf("heartbeat", { ok: "Heartbeat not tried yet", found: "" }, shard.subject);
    const check = checkOf(
      "heartbeat",
      { ok: "Heartbeat can be written", found: "Heartbeat cannot be written" },
      shard.subject,
    );
    if (refusal === undefined)
      return [untried.ok("Whether it can be written will be seen at the start.", "unknown")];
    if (refusal === null) return [check.ok("The heartbeat's key can be written.")];
    return [
      check.warning(
        `The heartbeat's key cannot be written, so the lag in seconds will be unknown: ${refusal.message}`,
        "Grant the user ~DTS_REDIS_TIMESTAMP_HEARTBEAT +setex, on a master.",
      ),
    ];
  });
};
