import type { ShownReason } from "@/components/live/reason-of";
import type { TaskForm } from "./task-form";
import { fieldOfPath } from "./task-form-schema";

/** The field that a server's refusal belongs to: by its code, else by the path that it names; `root` for none. */
export function fieldOfReason(
  { code }: ShownReason,
  path: string | null,
  form: Pick<TaskForm, "shards">,
): string {
  switch (code) {
    case "TASK_NAME_TAKEN":
      return "name";
    case "NUTCRACKER_SYNTAX":
      return "text";
    case "NUTCRACKER_POOL_UNKNOWN":
    case "NUTCRACKER_NOT_REDIS":
      return "pool";
  }
  return fieldOfPath(path?.split(".") ?? [], form).join(".");
}
