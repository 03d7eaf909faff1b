"use client";

import { useTheme } from "next-themes";
import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { Card } from "@/components/controls/card";
import { formatMoment } from "@/components/format/duration";
import type { SeriesRange } from "@/server/control/views/task-view";
import { chartOptions } from "./chart-options";
import { rangeSeconds } from "./series-window";

const height = 148;

type TimeChartProps = {
  title: string;
  format: (value: number) => string;
  atLeast: number;
  binary: boolean;
  range: SeriesRange;
  /** Seconds since the epoch; undefined while loading. */
  at: readonly number[] | undefined;
  values: readonly (number | null)[] | undefined;
};

/** One line over time. The heading shows the value under the pointer, else the latest. */
export function TimeChart({ title, format, atLeast, binary, range, at, values }: TimeChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const { resolvedTheme } = useTheme();
  const [hovered, setHovered] = useState<number | null>(null);
  const loaded = at !== undefined && values !== undefined;

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new theme redraws with its own colors
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const chart = new uPlot(
      chartOptions({ element, height, format, atLeast, range, binary, onHover: setHovered }),
      [[], []],
      element,
    );
    plot.current = chart;
    const observer = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.current = null;
      chart.destroy();
    };
  }, [format, atLeast, range, binary, resolvedTheme]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a chart made anew has no data yet
  useEffect(() => {
    const chart = plot.current;
    if (chart === null || at === undefined || values === undefined) return;
    chart.batch(() => {
      chart.setData([at as number[], values as (number | null)[]], false);
      const end = at.at(-1) ?? Date.now() / 1000;
      chart.setScale("x", { min: end - rangeSeconds[range], max: end });
    });
  }, [at, values, format, atLeast, range, resolvedTheme]);

  const index = hovered ?? (values?.length ?? 0) - 1;
  const value = values?.[index];
  return (
    <Card className="min-w-0 overflow-hidden pt-3">
      <div className="flex items-baseline justify-between gap-3 px-4">
        <h3 className="text-[0.8125rem] font-medium text-ink-2">{title}</h3>
        <p className="num text-[0.8125rem] whitespace-nowrap">
          {hovered !== null && at?.[hovered] !== undefined && (
            <span className="mr-2 text-xs text-ink-3">{formatMoment(at[hovered] * 1000).slice(5, 19)}</span>
          )}
          <span className="font-semibold">
            {!loaded ? "" : (value ?? null) === null ? "unknown" : format(value as number)}
          </span>
        </p>
      </div>
      <div
        ref={box}
        role="img"
        aria-label={`${title} over the last ${range}`}
        style={{ height }}
        className="relative mt-1 w-full"
      />
      {loaded && at.length === 0 && (
        <p className="-mt-20 mb-14 text-center text-xs text-ink-3">No samples in this range yet.</p>
      )}
    </Card>
  );
}
