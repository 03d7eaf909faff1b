import { checkOf, formatBytes } from "./check-result.ts";
import type { Check, CheckResult } from "./precheck-report.ts";

const MiB = 1024 * 1024;
/** What Redis has proto-max-bulk-len at unless it is told otherwise. */
const USUAL_BULK = 512 * MiB;
/** Room for a transaction in which keys are copied again, with the largest value that is. */
const ENOUGH_QUERY = 64 * MiB;

/** The destination takes values as large as the shards hold. */
export const checkDestinationLimits: Check = ({ shards, destination }) => {
  if (destination.failure !== null || destination.facts?.mode === "cluster") return [];
  const { subject } = destination;
  const check = checkOf(
    "destination-limits",
    { ok: "Destination takes large values", found: "Destination refuses large values" },
    subject,
  );
  const results: CheckResult[] = [];
  const bulk = limitOf(destination.settings, "proto-max-bulk-len");
  const wanted = Math.max(
    USUAL_BULK,
    ...shards.map(({ settings }) => limitOf(settings, "proto-max-bulk-len") ?? 0),
  );
  if (bulk !== null && bulk < wanted) {
    results.push(
      check.warning(
        `Strings and elements larger than its proto-max-bulk-len cannot be copied: their keys are left out. The shards allow ${formatBytes(wanted)}.`,
        `CONFIG SET proto-max-bulk-len ${wanted}`,
        formatBytes(bulk),
      ),
    );
  }
  const query = limitOf(destination.settings, "client-query-buffer-limit");
  if (query !== null && query < ENOUGH_QUERY) {
    results.push(
      check.warning(
        "Elements and, from Redis 7.2 on, transactions larger than its client-query-buffer-limit cannot be written.",
        "CONFIG SET client-query-buffer-limit 1gb",
        formatBytes(query),
      ),
    );
  }
  if (results.length > 0) return results;
  // Where neither can be asked nothing is said.
  return bulk === null && query === null ? [] : [check.ok("It takes all that the shards may hold.")];
};

/** null where CONFIG GET does not give it. */
function limitOf(settings: ReadonlyMap<string, string>, name: string): number | null {
  const text = settings.get(name);
  return text === undefined ? null : Number(text);
}
