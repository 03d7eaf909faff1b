import { checkOf } from "./check-result.ts";
import type { Check } from "./precheck-report.ts";

/** A shard should be a master: a replica passes on its master's stream, and its own resynchronizations too. */
export const checkSourceRole: Check = ({ shards }) =>
  shards.flatMap((shard) => {
    if (shard.facts === null || shard.failure !== null) return [];
    const check = checkOf(
      "source-role",
      { ok: "Shard is a master", found: "Shard is a replica" },
      shard.subject,
    );
    if (shard.facts.role === "master") return [check.ok("It is a master.", "master")];
    const master = shard.facts.masterAddress ?? "its master";
    return [
      check.warning(
        `It is a replica of ${master}. It can be read from, but each full resynchronization of its own becomes one of Tributary's.`,
        shard.facts.masterLinkUp === false
          ? "Its link to the master is down: bring it up, or give the master's address."
          : "Give the master's address, unless the master is to be spared.",
        "replica",
      ),
    ];
  });
