import type { ShownReason } from "@/components/live/reason-of";

/** The field that a server's refusal belongs to, by its code; null when it belongs to the form as a whole. */
export function fieldOfReason(reason: ShownReason): string | null {
  switch (reason.code) {
    case "TASK_NAME_TAKEN":
      return "name";
    case "NUTCRACKER_SYNTAX":
      return "text";
    case "NUTCRACKER_POOL_UNKNOWN":
    case "NUTCRACKER_NOT_REDIS":
      return "pool";
    default:
      return null;
  }
}
