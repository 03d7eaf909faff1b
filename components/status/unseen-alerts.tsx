"use client";

import { useMutation } from "@tanstack/react-query";
import { Check } from "lucide-react";
import { toast } from "sonner";
import { Button } from "@/components/controls/button";
import { formatPlural } from "@/components/format/count";
import { reasonOf } from "@/components/live/reason-of";
import { useTRPC } from "@/components/live/trpc";
import { ForRole } from "@/components/people/me";
import type { EventView } from "@/server/control/views/task-view";
import { EventItem } from "./event-list";

type UnseenAlertsProps = {
  taskId: string;
  /** null where the alerts of all shards are shown. */
  shardId: string | null;
  alerts: readonly EventView[];
  shardNames?: ReadonlyMap<string, string>;
};

/** Alerts that nobody has seen: they stand above everything else until somebody says that they were. */
export function UnseenAlerts({ taskId, shardId, alerts, shardNames }: UnseenAlertsProps) {
  const trpc = useTRPC();
  const see = useMutation(
    trpc.task.seeAlerts.mutationOptions({
      onError: (error) => {
        const { message, remedy } = reasonOf(error);
        toast.error(message, { description: remedy });
      },
    }),
  );
  const newest = alerts[0];
  if (newest === undefined) return null;
  return (
    <section aria-label="Alerts" className="mt-5 rounded-xl border border-bad/25 bg-bad-soft/70">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-4 pt-3 pb-1 sm:px-5">
        <h2 className="text-[0.8125rem] font-semibold">{formatPlural(alerts.length, "new alert")}</h2>
        <ForRole needs="operator">
          <Button
            small
            busy={see.isPending}
            onClick={() => see.mutate({ id: taskId, shardId, upTo: newest.id })}
          >
            <Check className="size-3.5" aria-hidden />
            Mark as seen
          </Button>
        </ForRole>
      </div>
      <ol className="max-h-64 overflow-y-auto pb-2">
        {alerts.map((event) => (
          <EventItem
            key={event.id}
            event={event}
            count={event.count}
            firstAt={event.firstAt}
            shardName={shardNames?.get(event.shardId ?? "")}
          />
        ))}
      </ol>
    </section>
  );
}
