import { checkOf } from "./check-result.ts";
import type { Check } from "./precheck-report.ts";

/** Every server answers, is a Redis-Server (no Sentinel, no nutcracker, nothing else) and lets us in. */
export const checkReachable: Check = ({ shards, destination }) =>
  [...shards, destination].map((server) => {
    const check = checkOf("reachable", { ok: "Reachable", found: "Not usable" }, server.subject);
    if (server.failure !== null) return check.refused(server.failure);
    const { facts } = server;
    if (facts === null) {
      const silent = checkOf("reachable", { ok: "", found: "INFO not permitted" }, server.subject);
      return silent.warning(
        `${server.address} answers, but does not permit INFO: much of it cannot be checked.`,
        "Grant the user +info.",
      );
    }
    return check.ok(`${server.address} answers.`, `${facts.flavor} ${facts.version}, ${facts.role}`);
  });
