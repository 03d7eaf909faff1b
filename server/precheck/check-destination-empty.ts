import { checkOf, formatPlural } from "./check-result.ts";
import { areOne } from "./check-same-server.ts";
import type { Check, DestinationUse } from "./precheck-report.ts";

/** What becomes of keys that lie in the databases that will be written, by what the task was told. */
export const checkDestinationEmpty: Check = ({ shards, destination, merge, use }) => {
  // A destination that is one of the shards is refused as such: to empty it would be to lose the data.
  if (use === null || shards.some((shard) => areOne(shard, destination))) return [];
  const titles = { ok: "Destination is empty", found: "Destination is not empty" };
  const check = checkOf("destination-empty", titles, destination.subject);
  if (use.keys.length === 0) return [check.ok("The databases that will be written are empty.")];
  const found = use.keys.map(({ db, keys }) => `db${db}: ${formatPlural(keys, "key")}`).join(", ");
  if (use.began) {
    const own = { ...titles, ok: "Destination holds this task's keys" };
    return [
      checkOf("destination-empty", own, destination.subject).ok(
        "It holds what this task has brought, and keys of others beside it.",
        found,
      ),
    ];
  }
  if (merge.destinationKeys === "must-be-empty" && use.neighbors.length === 0) {
    const sample = use.samples?.examples.find(({ kind }) => kind === "on-destination")?.key;
    const { address } = destination;
    return [check.error("DESTINATION_HOLDS_KEYS", { address, sample: sample ?? found }, found)];
  }
  const kept = merge.destinationKeys === "keep";
  const message = kept
    ? "It holds keys already. They are kept, also where a shard has a key of the same name."
    : "It holds keys already. Those of the same name as a shard's key are overwritten; the others stay beside the copy.";
  const remedy = "Give other databases, or a destination that is empty, where these keys are needed.";
  return [check.warning(message + shareText(use), remedy, found)];
};

/** e.g. " Of 500 keys of the shards that were looked at, 20 are there." */
export function shareText({ samples }: Pick<DestinationUse, "samples">): string {
  if (samples === null) return "";
  const { sampled, onDestination } = samples;
  return ` Of ${sampled} keys of the shards that were looked at, ${onDestination} are there.`;
}
