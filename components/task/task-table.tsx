import { ArrowRight, BellRing } from "lucide-react";
import Link from "next/link";
import { capitalized } from "@/components/format/capitalized";
import { formatPlural, formatRate } from "@/components/format/count";
import { Ago } from "@/components/live/ago";
import { DiffersBadge, differsTitle } from "@/components/status/differs-badge";
import { EventIcon } from "@/components/status/event-list";
import { LagValue } from "@/components/status/lag-value";
import { Sparkline } from "@/components/status/sparkline";
import { StatusBadge } from "@/components/status/status-badge";
import { VerdictBadge } from "@/components/verify/verdict-badge";
import type { TaskRow } from "@/server/control/views/task-view";
import { TaskActions } from "./task-actions";

const head = "px-4 py-2.5 font-medium whitespace-nowrap";

/** The tasks as a table, for wide screens. */
export function TaskTable({ tasks }: { tasks: readonly TaskRow[] }) {
  return (
    <table className="w-full table-fixed text-left">
      <thead className="border-b text-xs text-ink-3">
        <tr>
          <th className={head}>Task</th>
          <th className={`${head} w-52`}>Status</th>
          <th className={`${head} w-22 text-right`}>Shards</th>
          <th className={`${head} w-60`}>Worst lag</th>
          <th className={`${head} w-28 text-right`}>Commands</th>
          <th className={`${head} w-64 max-xl:hidden`}>Last event</th>
          <th className={`${head} w-24`}>
            <span className="sr-only">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody className="divide-y">
        {tasks.map((task) => (
          <TaskTableRow key={task.id} task={task} />
        ))}
      </tbody>
    </table>
  );
}

function TaskTableRow({ task }: { task: TaskRow }) {
  return (
    <tr data-task={task.name} className="relative align-top transition-colors hover:bg-sunken/70">
      <td className="px-4 py-3.5">
        <Link
          href={`/tasks/${task.id}`}
          className="font-medium after:absolute after:inset-0 hover:text-river focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-river-line"
        >
          {task.name}
        </Link>
        <Route task={task} />
      </td>
      <td className="px-4 py-3.5">
        <StatusBadge status={task.status} />
        {task.differing.length > 0 && <DiffersBadge title={differsTitle(task)} className="mt-1" />}
        <p className="num mt-1 text-xs text-ink-3">
          for <Ago at={task.since} form="for" />
        </p>
        <VerdictBadge taskId={task.id} verdict={task.verdict} className="mt-1" />
        <NewAlerts count={task.unseenAlerts} />
        {task.reason !== null && (
          <p className="mt-0.5 line-clamp-3 text-xs break-words text-ink-2" title={task.reason.message}>
            {capitalized(task.reason.message)}
          </p>
        )}
      </td>
      <td className="num px-4 py-4 text-right">
        <span className="font-medium">{task.shardsSynchronizing}</span>
        <span className="text-ink-3"> of {task.shardsTotal}</span>
      </td>
      <td className="px-4 py-3.5">
        <div className="flex items-start justify-between gap-3">
          <LagValue lag={task.lag} />
          <Sparkline values={task.lagSparkline} />
        </div>
      </td>
      <td className="num px-4 py-4 text-right font-medium">
        {task.commandsPerSecond === null ? (
          <span className="font-normal text-ink-3">unknown</span>
        ) : (
          formatRate(task.commandsPerSecond)
        )}
      </td>
      <td className="px-4 py-3.5 max-xl:hidden">
        {task.lastEvent === null ? (
          <span className="text-ink-3">none</span>
        ) : (
          <LastEvent event={task.lastEvent} />
        )}
      </td>
      <td className="px-3 py-3">
        <TaskActions task={task} />
      </td>
    </tr>
  );
}

/** Source → destination. */
export function Route({ task }: { task: Pick<TaskRow, "sourceLabel" | "destinationLabel"> }) {
  return (
    <p className="mt-1 flex min-w-0 flex-wrap items-center gap-x-1.5 text-xs text-ink-3">
      <span className="min-w-0 break-words">{task.sourceLabel}</span>
      <ArrowRight className="size-3 shrink-0" role="img" aria-label="to" />
      <span className="min-w-0 font-mono text-[0.6875rem] break-all">{task.destinationLabel}</span>
    </p>
  );
}

/** That alerts wait on the task's page; nothing where none do. */
export function NewAlerts({ count }: { count: number }) {
  if (count === 0) return null;
  return (
    <p className="num mt-1 flex items-center gap-1.5 text-xs font-medium text-bad">
      <BellRing className="size-3.5 shrink-0" aria-hidden />
      {formatPlural(count, "new alert")}
    </p>
  );
}

export function LastEvent({ event }: { event: NonNullable<TaskRow["lastEvent"]> }) {
  return (
    <div className="flex gap-2">
      <EventIcon level={event.level} className="mt-1" />
      <div className="min-w-0">
        <p className="line-clamp-2 text-[0.8125rem] break-words text-ink-2">{capitalized(event.message)}</p>
        <Ago at={event.at} className="num text-xs text-ink-3" />
      </div>
    </div>
  );
}
