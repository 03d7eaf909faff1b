"use client";

import { useSubscription } from "@trpc/tanstack-react-query";
import { EditConnectionsLink } from "@/components/connections/edit-link";
import { CardSection } from "@/components/controls/card";
import { reasonOf } from "@/components/live/reason-of";
import { useTRPC } from "@/components/live/trpc";
import { DocumentTitle } from "@/components/shell/document-title";
import { EventList } from "@/components/status/event-list";
import { ReasonNote } from "@/components/status/reason-note";
import { UnseenAlerts } from "@/components/status/unseen-alerts";
import { HeldShards } from "@/components/task/held-shards";
import { River } from "@/components/task/river";
import { ShardCard } from "@/components/task/shard-card";
import { TaskHeader } from "@/components/task/task-header";
import { TaskSettings } from "@/components/task/task-settings";
import { statusTitle } from "@/components/task/task-title";
import { VerificationCard } from "@/components/verify/verification-card";
import type { TaskView } from "@/server/control/views/task-view";

export function TaskPage({ initial }: { initial: TaskView }) {
  const trpc = useTRPC();
  const live = useSubscription(trpc.task.live.subscriptionOptions({ id: initial.id }));
  const task = live.data ?? initial;
  const shardNames = new Map(task.shards.map((shard) => [shard.id, shard.name]));

  return (
    <>
      <DocumentTitle title={statusTitle(task.status, task.name)} />
      <TaskHeader task={task} />
      {live.status === "error" && <ReasonNote reason={reasonOf(live.error)} className="mt-5" />}
      {task.reason !== null && (
        <ReasonNote reason={task.reason} className="mt-5">
          <HeldShards task={task} />
          <EditConnectionsLink taskId={task.id} code={task.reason.code} />
        </ReasonNote>
      )}
      <UnseenAlerts taskId={task.id} shardId={null} alerts={task.alerts} shardNames={shardNames} />
      <River task={task} />
      <ul
        aria-label="Shards"
        className="mt-5 grid gap-5 md:grid-cols-2 xl:grid-cols-[repeat(auto-fit,minmax(25rem,1fr))]"
      >
        {task.shards.map((shard) => (
          <li key={shard.id} className="min-w-0">
            <ShardCard taskId={task.id} databases={task.databases} taskReason={task.reason} shard={shard} />
          </li>
        ))}
      </ul>
      {task.wanted !== "created" && <VerificationCard task={task} />}
      <div className="mt-5 grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_22rem]">
        <CardSection title="Events">
          <EventList events={task.events} shardNames={shardNames} />
        </CardSection>
        <TaskSettings task={task} />
      </div>
    </>
  );
}
