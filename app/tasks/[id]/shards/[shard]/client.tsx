"use client";

import { useSubscription } from "@trpc/tanstack-react-query";
import { EditConnectionsLink } from "@/components/connections/edit-link";
import { CardSection } from "@/components/controls/card";
import { reasonOf } from "@/components/live/reason-of";
import { useTRPC } from "@/components/live/trpc";
import { Acknowledged, DiffersPanel } from "@/components/shard/differs-panel";
import { HeldPanel } from "@/components/shard/held-panel";
import { KeyCounts } from "@/components/shard/key-counts";
import { MergeDecisions } from "@/components/shard/merge-facts";
import { RefusedCommands } from "@/components/shard/refused-commands";
import { ReplicationFacts } from "@/components/shard/replication-facts";
import { ResyncShard } from "@/components/shard/resync-shard";
import { ScriptRuns } from "@/components/shard/script-runs";
import { ShardCharts } from "@/components/shard/shard-charts";
import { ShardHeader } from "@/components/shard/shard-header";
import { DocumentTitle } from "@/components/shell/document-title";
import { EventList } from "@/components/status/event-list";
import { ReasonNote } from "@/components/status/reason-note";
import { UnseenAlerts } from "@/components/status/unseen-alerts";
import { InitialSync } from "@/components/task/initial-sync";
import { statusTitle } from "@/components/task/task-title";
import type { ShardView } from "@/server/control/views/task-view";

export function ShardPage({ initial }: { initial: ShardView }) {
  const trpc = useTRPC();
  const live = useSubscription(
    trpc.shard.live.subscriptionOptions({ taskId: initial.task.id, shardId: initial.shard.id }),
  );
  const view = live.data ?? initial;
  const { shard, task } = view;
  // A report from before a pause says nothing about a decision now.
  const held = shard.status === "held" ? (shard.report?.held ?? null) : null;
  const differs = shard.report?.differs ?? null;

  return (
    <>
      <DocumentTitle title={statusTitle(shard.status, shard.name, task.name)} />
      <ShardHeader view={view} />
      {live.status === "error" && <ReasonNote reason={reasonOf(live.error)} className="mt-5" />}
      {held !== null && <HeldPanel view={view} held={held} />}
      {differs !== null && <DiffersPanel view={view} differs={differs} />}
      <Acknowledged acknowledged={shard.acknowledged} />
      {shard.reason !== null && held === null && (
        <ReasonNote reason={shard.reason} className="mt-5">
          <ResyncShard view={view} />
          <EditConnectionsLink taskId={task.id} code={shard.reason.code} />
        </ReasonNote>
      )}
      <UnseenAlerts taskId={task.id} shardId={shard.id} alerts={view.alerts} />
      {shard.report?.initialSync && (
        <InitialSync progress={shard.report.initialSync} rates={shard.rates} status={shard.status} />
      )}
      <ShardCharts taskId={task.id} shard={shard} />
      <div className="mt-5 grid items-start gap-5 lg:grid-cols-2">
        <ReplicationFacts shard={shard} />
        <div className="min-w-0 space-y-5">
          <KeyCounts address={shard.address} report={shard.report} task={task} />
          <CardSection title="Events">
            <EventList events={view.events} />
          </CardSection>
        </div>
      </div>
      {shard.report?.merge && <MergeDecisions merge={shard.report.merge} />}
      <RefusedCommands refused={view.refused} />
      <ScriptRuns scripts={view.scripts} />
    </>
  );
}
