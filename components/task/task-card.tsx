import Link from "next/link";
import { Card } from "@/components/controls/card";
import { Fact, Unknown } from "@/components/controls/fact";
import { formatRate } from "@/components/format/count";
import { Ago } from "@/components/live/ago";
import { DiffersBadge, differsTitle } from "@/components/status/differs-badge";
import { LagValue } from "@/components/status/lag-value";
import { ReasonNote } from "@/components/status/reason-note";
import { Sparkline } from "@/components/status/sparkline";
import { StatusBadge } from "@/components/status/status-badge";
import { VerdictBadge } from "@/components/verify/verdict-badge";
import type { TaskRow } from "@/server/control/views/task-view";
import { TaskActions } from "./task-actions";
import { LastEvent, NewAlerts, Route } from "./task-table";

/** One task of the list, for narrow screens. */
export function TaskCard({ task }: { task: TaskRow }) {
  return (
    <Card data-task={task.name} className="relative p-4">
      <div className="flex items-start justify-between gap-2">
        <div className="min-w-0">
          <Link
            href={`/tasks/${task.id}`}
            className="font-semibold break-words after:absolute after:inset-0 after:rounded-xl"
          >
            {task.name}
          </Link>
          <Route task={task} />
        </div>
        <TaskActions task={task} />
      </div>
      <p className="num mt-3 flex flex-wrap items-center gap-2 text-xs text-ink-3">
        <StatusBadge status={task.status} />
        {task.differing.length > 0 && <DiffersBadge title={differsTitle(task)} />}
        <span>
          for <Ago at={task.since} form="for" />
        </span>
      </p>
      <VerdictBadge taskId={task.id} verdict={task.verdict} className="mt-2" />
      <NewAlerts count={task.unseenAlerts} />
      {task.reason !== null && <ReasonNote reason={task.reason} className="mt-3" />}
      <dl className="mt-3 grid grid-cols-2 gap-x-4 gap-y-3">
        <Fact label="Shards synchronizing">
          {task.shardsSynchronizing} of {task.shardsTotal}
        </Fact>
        <Fact label="Commands">
          {task.commandsPerSecond === null ? <Unknown /> : formatRate(task.commandsPerSecond)}
        </Fact>
        <Fact label="Worst lag">
          <LagValue lag={task.lag} />
        </Fact>
        <Fact label="Last 10 minutes">
          <div className="pt-1">
            <Sparkline values={task.lagSparkline} />
          </div>
        </Fact>
      </dl>
      {task.lastEvent !== null && (
        <div className="mt-3 border-t pt-3">
          <LastEvent event={task.lastEvent} />
        </div>
      )}
    </Card>
  );
}
