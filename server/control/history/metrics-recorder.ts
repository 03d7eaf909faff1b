import { and, asc, eq, gte, lt, sql } from "drizzle-orm";
import type { Database } from "../../../db/open-database.ts";
import { metricSamples } from "../../../db/schema.ts";
import type { SeriesRange, ShardSeries } from "../views/task-view.ts";

export type Sample = Omit<typeof metricSamples.$inferInsert, "resolution" | "at">;

/** Finest first. Each is rolled up from the one before it. */
const levels = [
  { resolution: 5, keepSeconds: 2 * 3600 },
  { resolution: 60, keepSeconds: 48 * 3600 },
  { resolution: 900, keepSeconds: 90 * 24 * 3600 },
] as const;

const ranges: Record<SeriesRange, { readonly seconds: number; readonly resolution: number }> = {
  "15m": { seconds: 15 * 60, resolution: 5 },
  "1h": { seconds: 3600, resolution: 5 },
  "6h": { seconds: 6 * 3600, resolution: 60 },
  "24h": { seconds: 24 * 3600, resolution: 60 },
  "7d": { seconds: 7 * 24 * 3600, resolution: 900 },
};

/** Writes the samples of now; for every shard at once, inside a transaction of the caller's. `now` in ms. */
export function recordSamples(db: Database, samples: readonly Sample[], now: number): void {
  const at = bucket(now / 1000, 5);
  for (const sample of samples) {
    db.insert(metricSamples)
      .values({ ...sample, resolution: 5, at })
      .onConflictDoNothing()
      .run();
  }
}

/**
 * Gathers finished buckets of each resolution into the next coarser one (the worst lag, the mean of the rest)
 * and drops what is past its time. It may be run at any time and any number of times. `now` in ms.
 */
export function rollUp(db: Database, now: number): void {
  const seconds = now / 1000;
  db.transaction((tx) => {
    for (let index = 1; index < levels.length; index++) {
      const { resolution } = levels[index]!;
      // Written out: better-sqlite3 binds every number as a float, by which at would be divided with a fraction.
      const width = sql.raw(String(resolution));
      const until = bucket(seconds, resolution);
      // Only buckets whose time is over are made, all tasks at once: the last one is complete.
      const last = tx
        .select({ at: sql<number | null>`max(${metricSamples.at})` })
        .from(metricSamples)
        .where(eq(metricSamples.resolution, resolution))
        .get()?.at;
      tx.run(sql`
        insert into metric_samples (task_id, shard_id, resolution, at, lag_seconds, lag_bytes,
          commands_per_second, bytes_per_second, source_keys, destination_keys)
        select task_id, shard_id, ${width}, at / ${width} * ${width}, max(lag_seconds), max(lag_bytes),
          avg(commands_per_second), avg(bytes_per_second), round(avg(source_keys)), round(avg(destination_keys))
        from metric_samples
        where resolution = ${levels[index - 1]!.resolution} and at >= ${last === null || last === undefined ? 0 : last + resolution} and at < ${until}
        group by 1, 2, 4
        on conflict do nothing`);
    }
    for (const { resolution, keepSeconds } of levels) {
      tx.delete(metricSamples)
        .where(and(eq(metricSamples.resolution, resolution), lt(metricSamples.at, seconds - keepSeconds)))
        .run();
    }
  });
}

/**
 * The worst lag of a task's shards in each 10 s of the last 10 minutes, oldest first, from the first sample on;
 * null where that of one shard is unknown. `now` in ms.
 */
export function readLagSparkline(
  db: Database,
  taskId: string,
  shardIds: readonly string[],
  now: number,
): (number | null)[] {
  const end = bucket(now / 1000, 10);
  const slots = Array.from({ length: 60 }, () => new Map<string, number | null>());
  const rows = db
    .select()
    .from(metricSamples)
    .where(
      and(
        eq(metricSamples.taskId, taskId),
        eq(metricSamples.resolution, 5),
        gte(metricSamples.at, end - 600),
        lt(metricSamples.at, end),
      ),
    )
    .all();
  for (const { at, shardId, lagSeconds } of rows) {
    const slot = slots[Math.floor((at - end + 600) / 10)]!;
    const known = slot.get(shardId);
    const worst = lagSeconds === null || known === null ? null : Math.max(lagSeconds, known ?? 0);
    slot.set(shardId, worst);
  }
  const first = slots.findIndex((slot) => slot.size > 0);
  if (first === -1) return [];
  return slots.slice(first).map((slot) => {
    const lags = shardIds.map((shardId) => slot.get(shardId) ?? null);
    return lags.includes(null) ? null : Math.max(...lags.map(Number));
  });
}

/** Columns for the charts; a row of nulls stands where nothing was recorded. `now` in ms. */
export function readSeries(
  db: Database,
  shard: { readonly taskId: string; readonly shardId: string },
  range: SeriesRange,
  now: number,
): ShardSeries {
  const { seconds, resolution } = ranges[range];
  const rows = db
    .select()
    .from(metricSamples)
    .where(
      and(
        eq(metricSamples.taskId, shard.taskId),
        eq(metricSamples.shardId, shard.shardId),
        eq(metricSamples.resolution, resolution),
        gte(metricSamples.at, bucket(now / 1000 - seconds, resolution)),
      ),
    )
    .orderBy(asc(metricSamples.at))
    .all();
  const points: ((typeof rows)[number] | { readonly at: number; readonly gap: true })[] = [];
  for (const row of rows) {
    const previous = points[points.length - 1];
    if (previous !== undefined && row.at - previous.at > 3 * resolution) {
      points.push({ at: previous.at + resolution, gap: true });
    }
    points.push(row);
  }
  const column = (name: Exclude<keyof ShardSeries, "at">) =>
    points.map((point) => ("gap" in point ? null : point[name]));
  return {
    at: points.map((point) => point.at),
    lagSeconds: column("lagSeconds"),
    lagBytes: column("lagBytes"),
    commandsPerSecond: column("commandsPerSecond"),
    bytesPerSecond: column("bytesPerSecond"),
    sourceKeys: column("sourceKeys"),
    destinationKeys: column("destinationKeys"),
  };
}

function bucket(seconds: number, resolution: number): number {
  return Math.floor(seconds / resolution) * resolution;
}
