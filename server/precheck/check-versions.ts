import { releaseOf } from "../redis/server-info.ts";
import { checkOf } from "./check-result.ts";
import type { Check } from "./precheck-report.ts";

/**
 * The destination is at least as new as each shard. Versions are compared by the Redis version that a server
 * is compatible with, and between two Valkeys by their own.
 */
export const checkVersions: Check = ({ shards, destination }) => {
  const to = destination.facts;
  if (to === null || destination.failure !== null) return [];
  return shards.flatMap((shard) => {
    const from = shard.facts;
    if (from === null || shard.failure !== null) return [];
    const check = checkOf(
      "versions",
      { ok: "Destination not older", found: "Destination is older" },
      shard.subject,
    );
    const own = from.flavor === to.flavor;
    const older = own
      ? releaseOf(to.version) < releaseOf(from.version)
      : releaseOf(to.redisVersion) < releaseOf(from.redisVersion);
    const current = `${from.flavor} ${from.version} → ${to.flavor} ${to.version}`;
    if (!older) return [check.ok("The destination is not older than the shard.", current)];
    return [
      check.warning(
        "The destination is older than the shard. Values that it cannot restore are sent as commands; what it cannot express at all is listed with the skipped commands.",
        "Use a destination of the shard's version or later.",
        current,
      ),
    ];
  });
};
