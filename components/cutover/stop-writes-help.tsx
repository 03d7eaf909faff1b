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
          <li>Stop the application's writers, or put it into its maintenance mode. Reads may go on.</li>
          <li>
            {view.pool === null
              ? "Stop the proxy, if there is one. "
              : `Or stop nutcracker, for pool ${view.pool}: `}
            <code className="rounded bg-sunken px-1 py-0.5 font-mono text-xs">systemctl stop nutcracker</code>{" "}
            on each of its hosts ends reads and writes at once.
          </li>
          <li>
            What speaks to the shards without the proxy has to be stopped by itself: cron jobs, workers,
            scripts, a redis-cli that somebody left open.
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
    <CardSection title="Hold up writes on the shards">
      <div className="space-y-3 px-4 pb-5 text-[0.8125rem] sm:px-5">
        <p className="text-ink-2">
          A brake for writers that you cannot reach: each shard's master lets commands that write wait, by{" "}
          <code className="font-mono text-xs">CLIENT PAUSE … WRITE</code>. It ends by itself at its limit,
          also if Tributary is gone, and writers that still wait then go on. It needs Redis 6.2.
        </p>
        {held === null ? (
          <div className="flex flex-wrap items-center gap-2">
            <Segmented label="Limit" value={seconds} onChange={setSeconds} options={lengths} />
            <Button small busy={orders.busy} onClick={() => void orders.hold(Number(seconds))}>
              <Hand className="size-3.5" aria-hidden />
              Hold up writes
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
                      ? `held up for ${formatDuration(Math.ceil(left / 1000))} more`
                      : "its limit has passed")}
                </li>
              ))}
            </ul>
            <Button small busy={orders.busy} onClick={() => void orders.release()}>
              <Play className="size-3.5" aria-hidden />
              Let writes go on
            </Button>
          </>
        )}
      </div>
    </CardSection>
  );
}
