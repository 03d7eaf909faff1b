"use client";

import { Database } from "lucide-react";
import Link from "next/link";
import { Card } from "@/components/controls/card";
import { Unknown } from "@/components/controls/fact";
import { formatByteRate, formatBytes } from "@/components/format/bytes";
import { formatCount, formatRate } from "@/components/format/count";
import { cx } from "@/components/format/cx";
import { serverName } from "@/components/format/server-name";
import { shorten } from "@/components/format/shorten";
import { statusWords, type Tone, toneText } from "@/components/status/status-words";
import type { ShardSummary, TaskView } from "@/server/control/views/task-view";
import type { ShardStatus } from "@/server/sync/report/shard-report";
import { copiedKeys, totalKeys } from "./key-totals";
import { layRiver } from "./river-course";

const strokes: Record<Tone, string> = {
  good: "stroke-river-line",
  busy: "stroke-busy",
  warn: "stroke-warn",
  bad: "stroke-bad",
  idle: "stroke-line-strong",
};

/** The picture of the task: a stream for each shard, as wide as its throughput, flowing into the destination. */
export function River({ task }: { task: TaskView }) {
  const rowHeight = task.shards.length > 8 ? 32 : 52;
  const height = task.shards.length * rowHeight;
  const streams = layRiver(task.shards, rowHeight);
  return (
    <Card className="mt-5 grid items-center gap-x-0 p-4 sm:p-5 md:grid-cols-[minmax(11rem,auto)_minmax(0,1fr)_auto]">
      <ul aria-label="Streams" className="max-md:hidden">
        {task.shards.map((shard) => (
          <Bank key={shard.id} taskId={task.id} shard={shard} rowHeight={rowHeight} />
        ))}
      </ul>
      <svg
        viewBox={`0 0 100 ${height}`}
        preserveAspectRatio="none"
        height={height}
        className="w-full max-md:hidden"
        aria-hidden
      >
        {task.shards.map((shard, index) => (
          <StreamLine key={shard.id} shard={shard} stream={streams[index]!} />
        ))}
      </svg>
      <Destination task={task} />
    </Card>
  );
}

function Bank({ taskId, shard, rowHeight }: { taskId: string; shard: ShardSummary; rowHeight: number }) {
  const { icon: Icon, tone, word } = statusWords[shard.status];
  const { rates } = shard;
  const flow =
    shard.status === "initial-sync"
      ? rates.rdbBytesPerSecond !== null && formatByteRate(rates.rdbBytesPerSecond)
      : rates.commandsPerSecond !== null && formatRate(rates.commandsPerSecond);
  return (
    <li style={{ height: rowHeight }} className="flex items-center gap-3 pr-3">
      <Icon data-tone={tone} className={cx("size-4 shrink-0", toneText[tone])} role="img" aria-label={word} />
      <div className="min-w-0 flex-1 leading-tight">
        <Link
          href={`/tasks/${taskId}/shards/${shard.id}`}
          title={shard.name}
          className="block max-w-56 truncate rounded font-medium hover:text-river hover:underline"
        >
          {shorten(shard.name, 26)}
        </Link>
        {rowHeight > 40 && shard.name !== shard.address && (
          <span className="block max-w-56 truncate font-mono text-[0.6875rem] text-ink-3">
            {shard.address}
          </span>
        )}
      </div>
      <span className="num w-22 shrink-0 text-right text-[0.8125rem] text-ink-2">{flow}</span>
    </li>
  );
}

function StreamLine({ shard, stream }: { shard: ShardSummary; stream: { path: string; width: number } }) {
  const { tone } = statusWords[shard.status];
  const flows =
    shard.status === "initial-sync" ||
    (shard.status === "synchronizing" && (shard.rates.commandsPerSecond ?? 0) > 0);
  return (
    <g fill="none" data-tone={tone} className={strokes[tone]}>
      <path
        d={stream.path}
        strokeWidth={stream.width}
        vectorEffect="non-scaling-stroke"
        className={flows ? "opacity-30" : "opacity-20"}
        {...(tone === "idle" || tone === "bad" ? { strokeDasharray: "2 4" } : {})}
      />
      {flows && (
        <path
          d={stream.path}
          strokeWidth={Math.max(2, stream.width * 0.5)}
          strokeLinecap="round"
          vectorEffect="non-scaling-stroke"
          className="flow opacity-30"
        />
      )}
    </g>
  );
}

/** Nobody asks the destination then. */
const atRest: readonly ShardStatus[] = ["pending", "paused", "failed", "finished"];

function Destination({ task }: { task: TaskView }) {
  const facts = task.shards.find((shard) => shard.report?.destination)?.report?.destination ?? null;
  const keys = totalKeys(copiedKeys(task.destinationKeys, task.databases, "destination"));
  const asked = task.shards.some(({ status }) => !atRest.includes(status));
  return (
    <div className="flex min-w-0 items-center gap-3.5 md:ml-1 md:min-w-60 md:rounded-xl md:border md:border-river/25 md:bg-river-soft/60 md:px-4 md:py-3.5">
      <Database className="size-5 shrink-0 text-river" aria-hidden />
      <div className="min-w-0 leading-tight">
        <p className="text-xs text-ink-2">Destination</p>
        <p className="mt-0.5 font-mono text-[0.8125rem] font-medium break-all">{task.destinationLabel}</p>
        <p className="num mt-1.5 text-[0.8125rem] text-ink-2">
          {keys === null ? (
            <Unknown text="keys unknown" />
          ) : (
            <>
              <span className="font-semibold text-ink" data-fact="destination-keys">
                {formatCount(keys.keys)}
              </span>{" "}
              {keys.keys === 1 ? "key" : "keys"}
            </>
          )}
          {facts !== null && (
            <>
              {" "}
              · {formatBytes(facts.usedMemory)}
              {facts.maxMemory > 0 && <> of {formatBytes(facts.maxMemory)}</>}
            </>
          )}
          {keys !== null && !asked && " · when last seen"}
        </p>
        {facts !== null && <p className="mt-1 text-xs text-ink-2">{`${serverName(facts)}, ${facts.role}`}</p>}
      </div>
    </div>
  );
}
