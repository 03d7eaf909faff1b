import { checkOf } from "./check-result.ts";
import type { Check, CheckResult } from "./precheck-report.ts";

const fence =
  "the connections of a former engine cannot be closed: after its death what it had sent last may be applied twice.";

/** Commands that can be done without: what is then missing, and the permission that fixes it. */
const optional: Readonly<Record<string, readonly [without: string, permission: string]>> = {
  "CLIENT LIST": [fence, "+client|list +client|kill (+client before 7.0)"],
  "CLIENT KILL": [fence, "+client|list +client|kill (+client before 7.0)"],
  RESTORE: [
    "values are written as native commands, which takes longer; those of modules are left out.",
    "+restore",
  ],
  EVAL: ["scripts that masters up to 4.0 send on as such are rejected.", "+eval +evalsha"],
};

/** The destination takes what will be written: it is no read-only replica, and the user has the permissions. */
export const checkDestinationWritable: Check = ({ destination }) => {
  const { facts, address, subject, refusals } = destination;
  if (destination.failure !== null || facts?.mode === "cluster") return [];
  const check = checkOf(
    "destination-writable",
    { ok: "Destination writable", found: "Destination not writable" },
    subject,
  );
  const lacking = checkOf("destination-writable", { ok: "", found: "A permission is missing" }, subject);
  if (facts?.role === "replica" && facts.replicaReadOnly !== false) {
    const detail = `it is a replica of ${facts.masterAddress ?? "another server"}`;
    return [check.error("DESTINATION_READONLY", { address, detail }, "replica")];
  }
  const results: CheckResult[] = [];
  if (facts?.role === "replica") {
    const replica = checkOf("destination-writable", { ok: "", found: "Destination is a replica" }, subject);
    results.push(
      replica.warning(
        `It is a replica of ${facts.masterAddress ?? "another server"}: what is written is lost when it resynchronizes.`,
        "Give the master's address.",
        "replica",
      ),
    );
  }
  const said = new Set<string>();
  for (const [command, refusal] of refusals) {
    // That it is full is said by the check of its memory.
    if (refusal === null || refusal.code === "DESTINATION_FULL") continue;
    const denied = refusal.code === "DESTINATION_DENIED";
    const [without, permission] = (denied && optional[command]) || [];
    // A missing permission is named for each command; what ails the whole server once.
    const topic = without ?? (denied ? command : refusal.code);
    if (said.has(topic)) continue;
    said.add(topic);
    results.push(
      without === undefined
        ? check.refused(refusal)
        : lacking.warning(`The user may not call ${command}: ${without}`, `Grant the user ${permission}.`),
    );
  }
  return results.length > 0 ? results : [check.ok("The user may write all that is needed.")];
};
