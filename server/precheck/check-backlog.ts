import { checkOf, formatBytes } from "./check-result.ts";
import type { Check } from "./precheck-report.ts";

/** Bytes; below this an interruption of seconds under load costs a new initial sync. */
const enough = 64 * 1024 * 1024;

/** The shard's replication backlog bridges an interruption. */
export const checkBacklog: Check = ({ shards }) =>
  shards.flatMap((shard) => {
    if (shard.facts === null || shard.failure !== null) return [];
    const check = checkOf(
      "backlog-size",
      { ok: "Replication backlog is large enough", found: "Replication backlog is small" },
      shard.subject,
    );
    const current = formatBytes(shard.facts.backlogSize);
    if (shard.facts.backlogSize >= enough) return [check.ok("It bridges an interruption.", current)];
    return [
      check.warning(
        "After an interruption in which more than this is written, the shard must be copied anew.",
        `CONFIG SET repl-backlog-size ${enough}`,
        current,
      ),
    ];
  });
