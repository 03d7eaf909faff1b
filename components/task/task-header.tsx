import { Ago } from "@/components/live/ago";
import { Breadcrumbs } from "@/components/shell/breadcrumbs";
import { DiffersBadge, differsTitle } from "@/components/status/differs-badge";
import { StatusBadge } from "@/components/status/status-badge";
import { VerdictBadge } from "@/components/verify/verdict-badge";
import type { TaskView } from "@/server/control/views/task-view";
import { TaskActions } from "./task-actions";
import { Route } from "./task-table";

/** Name, status and actions of a task. */
export function TaskHeader({ task }: { task: TaskView }) {
  return (
    <header>
      <Breadcrumbs steps={[{ href: "/tasks", label: "Tasks" }]} />
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
            <h1 className="min-w-0 text-[1.375rem] leading-tight font-semibold tracking-[-0.02em] break-words">
              {task.name}
            </h1>
            <StatusBadge status={task.status} />
            {task.differing.length > 0 && <DiffersBadge title={differsTitle(task)} />}
            <span className="num text-[0.8125rem] text-ink-3">
              for <Ago at={task.since} form="for" />
            </span>
          </div>
          <Route task={task} />
          <VerdictBadge taskId={task.id} verdict={task.verdict} className="mt-1" />
        </div>
        <TaskActions task={task} words />
      </div>
    </header>
  );
}
