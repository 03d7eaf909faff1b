"use client";

import { useState } from "react";
import { Segmented } from "@/components/controls/segmented";
import { formatByteRate, formatBytes } from "@/components/format/bytes";
import { formatRate } from "@/components/format/count";
import { formatDuration } from "@/components/format/duration";
import type { SeriesRange, ShardSeries, ShardSummary } from "@/server/control/views/task-view";
import { TimeChart } from "./time-chart";
import { useLiveSeries } from "./use-live-series";

const ranges = (["15m", "1h", "6h", "24h", "7d"] as const).map((value) => ({ value, label: value }));

type ChartSpec = {
  title: string;
  column: Exclude<keyof ShardSeries, "at">;
  format: (value: number) => string;
  /** The axis reaches at least this far up, so that calm looks calm. */
  atLeast: number;
  binary?: true;
};

const charts: readonly ChartSpec[] = [
  { title: "Lag", column: "lagSeconds", format: formatDuration, atLeast: 1 },
  { title: "Commands applied", column: "commandsPerSecond", format: formatRate, atLeast: 10 },
  { title: "Bytes behind the source", column: "lagBytes", format: formatBytes, atLeast: 1024, binary: true },
  { title: "Stream", column: "bytesPerSecond", format: formatByteRate, atLeast: 1024, binary: true },
];

/** Lag and throughput over time, on one time axis. */
export function ShardCharts({ taskId, shard }: { taskId: string; shard: ShardSummary }) {
  const [range, setRange] = useState<SeriesRange>("15m");
  const { data, isError } = useLiveSeries(taskId, shard, range);
  return (
    <section aria-label="Charts" className="mt-5">
      <div className="mb-3 flex items-center justify-between gap-3">
        <h2 className="text-[0.9375rem] font-semibold tracking-[-0.01em]">Over time</h2>
        <Segmented label="Range" value={range} options={ranges} onChange={setRange} />
      </div>
      {isError && (
        <p className="mb-3 text-[0.8125rem] text-warn">
          The stored history could not be loaded; it is asked for again.
        </p>
      )}
      <div className="grid gap-3 sm:gap-5 md:grid-cols-2">
        {charts.map((chart) => (
          <TimeChart
            key={chart.column}
            title={chart.title}
            format={chart.format}
            atLeast={chart.atLeast}
            binary={chart.binary ?? false}
            range={range}
            at={data?.at}
            values={data?.[chart.column]}
          />
        ))}
      </div>
    </section>
  );
}
