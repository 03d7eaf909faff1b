"use client";

import { Hand, Play } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/controls/button";
import { CardSection } from "@/components/controls/card";
import { Segmented } from "@/components/controls/segmented";
import { formatDuration } from "@/components/format/duration";
import { useNow } from "@/components/live/now";
import { ShardClients } from "./shard-clients";
import type { Cutover, CutoverOrders } from "./use-cutover-orders";

/** How the writers are stopped, who is still there, and the shards' own brake. */
export function StopWritesHelp({ view, orders }: { view: Cutover; orders: CutoverOrders }) {
  return (
    <div className="mt-5 grid items-start gap-5 lg:grid-cols-2">
      <CardSection title="How to stop them">
        <ol className="list-decimal space-y-2 px-4 pb-5 pl-9 text-[0.8125rem] sm:px-5 sm:pl-10">
          <li>Stop the application's writers, or put it into maintenance mode. It can keep reading.</li>
          <li>
            {view.pool === null
              ? "Or stop the proxy, if there is one: "
              : `Or stop nutcracker for pool ${view.pool}: `}
            <code className="rounded bg-sunken px-1 py-0.5 font-mono text-xs">systemctl stop nutcracker</code>{" "}
            on each of its hosts ends reads and writes at once.
          </li>
          <li>
            Stop whatever reaches the shards without the proxy: cron jobs, workers, scripts, a redis-cli that
            somebody left open.
          </li>
        </ol>
      </CardSection>
      <HeldWrites view={view} orders={orders} />
      <ShardClients taskId={view.task.id} />
    </div>
  );
}

const lengths = [
  { value: "60", label: "1 min" },
  { value: "300", label: "5 min" },
  { value: "900", label: "15 min" },
] as const;

/** CLIENT PAUSE … WRITE, by choice only, with an end and an undo. */
function HeldWrites({ view, orders }: { view: Cutover; orders: CutoverOrders }) {
  const [seconds, setSeconds] = useState<(typeof lengths)[number]["value"]>("300");
  const now = useNow();
  const held = view.cutover?.heldWrites ?? null;
  const left = held === null ? 0 : held.until - now;
  return (
    <CardSection title="Pause writes on the shards">
      <div className="space-y-3 px-4 pb-5 text-[0.8125rem] sm:px-5">
        <p className="text-ink-2">
          For writers that you cannot reach: each shard's master makes write commands wait (
          <code className="font-mono text-xs">CLIENT PAUSE … WRITE</code>). The pause ends at its limit even
          if Tributary is gone, and the commands that waited are then carried out. It needs Redis 6.2.
        </p>
        {held === null ? (
          <div className="flex flex-wrap items-center gap-2">
            <Segmented label="Limit" value={seconds} onChange={setSeconds} options={lengths} />
            <Button small busy={orders.busy} onClick={() => void orders.hold(Number(seconds))}>
              <Hand className="size-3.5" aria-hidden />
              Pause writes
            </Button>
          </div>
        ) : (
          <>
            <ul className="num space-y-0.5">
              {held.shards.map(({ id, name, problem }) => (
                <li key={id} className={problem === null ? "" : "text-bad"}>
                  {name}:{" "}
                  {problem ??
                    (left > 0
                      ? `paused for ${formatDuration(Math.ceil(left / 1000))} more`
                      : "the pause has ended")}
                </li>
              ))}
            </ul>
            <Button small busy={orders.busy} onClick={() => void orders.release()}>
              <Play className="size-3.5" aria-hidden />
              Resume writes
            </Button>
          </>
        )}
      </div>
    </CardSection>
  );
}
