"use client";

import { useSubscription } from "@trpc/tanstack-react-query";
import { useState } from "react";
import { BoardFigures, BoardHead } from "@/components/board/board-head";
import { problemsOf, sentenceOf } from "@/components/board/board-words";
import { GuestWatch } from "@/components/board/guest-watch";
import { useOld } from "@/components/board/use-old";
import { CardSection } from "@/components/controls/card";
import { useHydrated } from "@/components/live/now";
import { useTRPC } from "@/components/live/trpc";
import { SharedFacts } from "@/components/sharing/shared-facts";
import { SharedShards } from "@/components/sharing/shared-shards";
import { DocumentTitle } from "@/components/shell/document-title";
import { Logo } from "@/components/shell/logo";
import { ThemeMenu } from "@/components/shell/theme-menu";
import { EventList } from "@/components/status/event-list";
import { statusTitle } from "@/components/task/task-title";
import type { SharedTask } from "@/server/control/views/shared-task";

/** One task for the holder of a link: to look at, and nothing else. */
export function SharedPage({ initial }: { initial: SharedTask }) {
  const trpc = useTRPC();
  const [heardAt, setHeardAt] = useState(() => Date.now());
  const live = useSubscription(
    trpc.share.live.subscriptionOptions(undefined, { onData: () => setHeardAt(Date.now()) }),
  );
  const shared = live.data ?? initial;
  const { task } = shared;
  const oldSince = useOld(heardAt);
  const hydrated = useHydrated();
  const running = task.shards.filter(({ health }) => health !== "idle").length;
  const shardNames = new Map(task.shards.map((shard) => [shard.id, shard.name]));

  return (
    <div
      data-old={oldSince !== null || undefined}
      data-unheard={!hydrated || undefined}
      className="mx-auto max-w-[84rem] px-3 pt-3 pb-16 sm:px-6"
    >
      <DocumentTitle title={statusTitle(task.status, task.name)} />
      <GuestWatch />
      <div className="flex h-11 items-center gap-2">
        <Logo className="size-5 shrink-0 text-river" />
        <span className="truncate font-semibold">{task.name}</span>
        <span className="ml-auto shrink-0 rounded-full bg-idle-soft px-2.5 py-0.5 text-xs text-ink-2">
          Shared, to look at
        </span>
        <ThemeMenu />
      </div>
      <BoardHead
        headline={sentenceOf(task.health, task.shards, running)}
        health={task.health}
        oldSince={oldSince}
        figures={
          <BoardFigures
            synchronizing={task.shardsSynchronizing}
            shards={task.shards.length}
            worstLagSeconds={task.lag.seconds}
            commandsPerSecond={task.commandsPerSecond}
          />
        }
        problems={problemsOf({ groups: [{ name: null, tasks: [task] }] })}
        controls={null}
      />
      <SharedFacts shared={shared} />
      <SharedShards shared={shared} old={oldSince !== null} />
      <CardSection title="Events" className="mt-4">
        <EventList
          events={shared.events.map((event) => ({ ...event, seen: true }))}
          shardNames={shardNames}
        />
      </CardSection>
    </div>
  );
}
