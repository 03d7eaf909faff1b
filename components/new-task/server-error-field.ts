import type { ShownReason } from "@/components/live/reason-of";
import { isBlank, type TaskForm } from "./task-form";

/**
 * The field that a server's refusal belongs to: by the path that it names in the input, else by its code; null when it
 * belongs to the form as a whole.
 */
export function fieldOfReason(
  reason: ShownReason,
  path: string | null,
  form: Pick<TaskForm, "shards">,
): string | null {
  switch (reason.code) {
    case "TASK_NAME_TAKEN":
      return "name";
    case "NUTCRACKER_SYNTAX":
      return "text";
    case "NUTCRACKER_POOL_UNKNOWN":
    case "NUTCRACKER_NOT_REDIS":
      return "pool";
  }
  const [kind, place, field] = path?.split(".") ?? [];
  if (kind === "destination") return place === undefined ? null : `destination.${place}`;
  if (kind === "shards" && place !== undefined) {
    // Rows that are empty were not sent: the rest is counted without them.
    const rows = form.shards.flatMap((shard, row) => (isBlank(shard) ? [] : [row]));
    const row = rows[Number(place)];
    return row === undefined ? null : `shards.${row}.${field ?? "address"}`;
  }
  return ["name", "text", "pool", "stats"].find((field) => field === path) ?? null;
}
