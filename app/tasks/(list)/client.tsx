"use client";

import { useSubscription } from "@trpc/tanstack-react-query";
import { Plus } from "lucide-react";
import Link from "next/link";
import { buttonLook } from "@/components/controls/button";
import { Card } from "@/components/controls/card";
import { formatPlural } from "@/components/format/count";
import { useTRPC } from "@/components/live/trpc";
import { ForRole } from "@/components/people/me";
import { DocumentTitle } from "@/components/shell/document-title";
import { TaskCard } from "@/components/task/task-card";
import { TaskListEmpty } from "@/components/task/task-list-empty";
import { TaskTable } from "@/components/task/task-table";
import { taskListTitle } from "@/components/task/task-title";
import type { TaskRow } from "@/server/control/views/task-view";

export function TaskList({ initial }: { initial: readonly TaskRow[] }) {
  const trpc = useTRPC();
  const live = useSubscription(trpc.task.liveList.subscriptionOptions());
  const tasks = live.data ?? initial;

  if (tasks.length === 0) {
    return (
      <>
        <DocumentTitle title="Tasks · Tributary" />
        <TaskListEmpty />
      </>
    );
  }
  return (
    <>
      <DocumentTitle title={taskListTitle(tasks)} />
      <div className="mb-5 flex items-center justify-between gap-4">
        <h1 className="text-[1.375rem] font-semibold tracking-[-0.02em]">
          Tasks{" "}
          <span className="num ml-1 text-base font-normal text-ink-3">
            {formatPlural(tasks.length, "task")}
          </span>
        </h1>
        <ForRole needs="operator">
          <Link href="/tasks/new" className={buttonLook("primary")}>
            <Plus className="size-4" aria-hidden />
            New task
          </Link>
        </ForRole>
      </div>
      <Card className="overflow-hidden max-lg:hidden">
        <TaskTable tasks={tasks} />
      </Card>
      <ul className="space-y-3 lg:hidden">
        {tasks.map((task) => (
          <li key={task.id}>
            <TaskCard task={task} />
          </li>
        ))}
      </ul>
    </>
  );
}
