import type { SeriesRange, ShardSeries, ShardSummary } from "@/server/control/views/task-view";

/** Length of each range in seconds. */
export const rangeSeconds: Record<SeriesRange, number> = {
  "15m": 900,
  "1h": 3600,
  "6h": 21_600,
  "24h": 86_400,
  "7d": 604_800,
};

/** A column of a chart has at most about this many points. */
const pointsPerRange = 900;

export type SeriesPoint = { readonly [Column in keyof ShardSeries]: ShardSeries[Column][number] };

/** What a live report adds to the charts; null before the first report. */
export function pointOf(
  { report, rates }: ShardSummary,
  sum: (counts: readonly { keys: number }[]) => number,
): SeriesPoint | null {
  if (report === null) return null;
  return {
    at: report.at / 1000,
    lagSeconds: report.lag.seconds,
    lagBytes: report.lag.bytes,
    commandsPerSecond: rates.commandsPerSecond,
    bytesPerSecond: rates.bytesPerSecond,
    sourceKeys: report.sourceKeys === null ? null : sum(report.sourceKeys),
    destinationKeys: report.destinationKeys === null ? null : sum(report.destinationKeys),
  };
}

/**
 * The series with the point at its end, without what has left the range at its start. A point that is not
 * later than the last by the range's step changes nothing: the same series is returned.
 */
export function appendPoint(series: ShardSeries, point: SeriesPoint, range: SeriesRange): ShardSeries {
  const last = series.at.at(-1);
  if (last !== undefined && point.at - last < rangeSeconds[range] / pointsPerRange) return series;
  const from = series.at.findIndex((at) => at >= point.at - rangeSeconds[range]);
  const grown = <T>(column: readonly T[], value: T): T[] => [...(from < 0 ? [] : column.slice(from)), value];
  return {
    at: grown(series.at, point.at),
    lagSeconds: grown(series.lagSeconds, point.lagSeconds),
    lagBytes: grown(series.lagBytes, point.lagBytes),
    commandsPerSecond: grown(series.commandsPerSecond, point.commandsPerSecond),
    bytesPerSecond: grown(series.bytesPerSecond, point.bytesPerSecond),
    sourceKeys: grown(series.sourceKeys, point.sourceKeys),
    destinationKeys: grown(series.destinationKeys, point.destinationKeys),
  };
}
