"use client";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTRPC } from "@/components/live/trpc";
import type { SeriesRange, ShardSeries, ShardSummary } from "@/server/control/views/task-view";
import { appendPoint, pointOf } from "./series-window";

const sumKeys = (counts: readonly { keys: number }[]) => counts.reduce((sum, { keys }) => sum + keys, 0);

/** The stored series of a range, with each live report appended as it comes; undefined while it is loaded. */
export function useLiveSeries(taskId: string, shard: ShardSummary, range: SeriesRange) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const options = trpc.shard.series.queryOptions(
    { taskId, shardId: shard.id, range },
    // A gap in the live link, and the roll-up of old samples, are mended by asking again now and then.
    { refetchInterval: 60_000, staleTime: 30_000 },
  );
  const query = useQuery(options);
  const { queryKey } = options;

  useEffect(() => {
    const point = pointOf(shard, sumKeys);
    if (point === null) return;
    queries.setQueryData(queryKey, (series: ShardSeries | undefined) =>
      series === undefined ? series : appendPoint(series, point, range),
    );
  }, [queries, queryKey, shard, range]);

  return query;
}
