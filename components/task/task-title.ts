import { statusWords } from "@/components/status/status-words";
import type { TaskRow } from "@/server/control/views/task-view";

/** The tab's title on a task's page or one of its shards': the status first, since tabs cut the end. */
export function statusTitle(status: TaskRow["status"], ...names: string[]): string {
  return [statusWords[status].word, ...names, "Tributary"].join(" · ");
}

/** The list's title tells when something needs attention. */
export function taskListTitle(tasks: readonly Pick<TaskRow, "status">[]): string {
  const failed = tasks.filter((task) => task.status === "failed").length;
  return failed === 0 ? "Tasks · Tributary" : `${failed} failed · Tasks · Tributary`;
}
