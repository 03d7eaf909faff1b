import { checkOf } from "./check-result.ts";
import type { Check, CheckResult } from "./precheck-report.ts";

/** The destination takes what will be written: it is no read-only replica, and the user has the permissions. */
export const checkDestinationWritable: Check = ({ destination }) => {
  const { facts, address, subject, refusals } = destination;
  if (destination.failure !== null || facts?.mode === "cluster") return [];
  const check = checkOf("destination-writable", "Destination writable", subject);
  if (facts?.role === "replica" && facts.replicaReadOnly !== false) {
    const detail = `it is a replica of ${facts.masterAddress ?? "another server"}`;
    return [check.error("DESTINATION_READONLY", { address, detail }, "replica")];
  }
  const results: CheckResult[] = [];
  if (facts?.role === "replica") {
    results.push(
      check.warning(
        `It is a replica of ${facts.masterAddress ?? "another server"}: what is written is lost when it resynchronises.`,
        "Give the master's address.",
        "replica",
      ),
    );
  }
  const codes = new Set<string>();
  for (const [command, refusal] of refusals) {
    // A missing CLIENT KILL only weakens the fence. That it is full is said by the check of its memory.
    if (refusal === null || command === "CLIENT KILL" || refusal.code === "DESTINATION_FULL") continue;
    const once = refusal.code === "DESTINATION_DENIED" ? command : refusal.code;
    if (codes.has(once)) continue;
    codes.add(once);
    results.push(check.refused(refusal));
  }
  const kill = refusals.get("CLIENT KILL");
  if (kill) {
    results.push(
      check.warning(
        "The user may not call CLIENT KILL: an engine that is cut off cannot be disconnected; it is kept out by the check of each batch alone.",
        "Grant the user +client|kill (+client before 7.0).",
      ),
    );
  }
  return results.length > 0 ? results : [check.ok("The user may write all that is needed.")];
};
