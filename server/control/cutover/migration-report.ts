import { and, asc, eq } from "drizzle-orm";
import type { Database } from "../../../db/open-database.ts";
import { events, metricSamples } from "../../../db/schema.ts";
import { formatAddress } from "../../redis/endpoint.ts";
import type {
  InitialSyncProgress,
  KeyCount,
  RefusedCommand,
  ScriptRuns,
} from "../../sync/report/shard-report.ts";
import type { CutoverRecord } from "../tasks/cutover-state.ts";
import type { TaskRun } from "../tasks/task-run.ts";
import type { TaskStore } from "../tasks/task-store.ts";
import type { RepairRow } from "../verification/repair-store.ts";
import type { VerificationRow, VerificationStore } from "../verification/verification-store.ts";
import { destinationLabel, sourceLabel } from "../views/task-views.ts";

/** The whole of a migration, for whoever asks later. Times in ms since the epoch; null is unknown. */
export type MigrationReport = {
  readonly version: 1;
  readonly task: {
    readonly id: string;
    readonly name: string;
    readonly source: string;
    readonly destination: string;
    readonly mergePolicy: string;
    readonly status: string;
    readonly createdAt: number;
    /** When the last cutover was finished. */
    readonly finishedAt: number | null;
  };
  readonly writtenAt: number;
  readonly shards: readonly ShardReportLine[];
  readonly destination: {
    readonly server: string | null;
    readonly keys: readonly KeyCount[] | null;
  };
  /** Newest first, at most 20. */
  readonly verifications: readonly Omit<VerificationRow, "id">[];
  /** Newest first; missing in reports of earlier versions. */
  readonly repairs?: readonly Omit<RepairRow, "id" | "verificationId" | "reason">[];
  /** Newest first. */
  readonly cutovers: readonly Omit<CutoverRecord, "taskId" | "id">[];
  /** What was decided and by whom, and what went wrong, oldest first, at most 200. */
  readonly events: readonly {
    readonly at: number;
    readonly level: string;
    /** Missing in reports of earlier versions. */
    readonly type?: string;
    readonly shard: string | null;
    readonly message: string;
    readonly count: number;
  }[];
};

export type ShardReportLine = {
  readonly name: string;
  readonly address: string;
  readonly server: string | null;
  readonly initialSyncs: number;
  readonly initialSync: InitialSyncProgress | null;
  readonly keys: readonly KeyCount[] | null;
  /** About, from the samples that are kept. */
  readonly commandsApplied: number;
  readonly lag: {
    /** The worst of the samples that are kept; null where there is none. */
    readonly worstSeconds: number | null;
    readonly meanSeconds: number | null;
  };
  readonly offset: string | null;
  readonly differs: readonly string[];
  readonly acknowledged: {
    readonly by: string;
    readonly at: number;
    readonly reason: string;
  } | null;
  readonly skipped: number;
  readonly rejected: number;
  readonly refused: readonly Omit<RefusedCommand, "samples">[];
  readonly scripts: readonly Pick<ScriptRuns, "sha" | "name" | "ran" | "failed">[];
};

/** Decisions of people, whatever their level. */
const DECISIONS = [
  "start-confirmed",
  "settings-changed",
  "shards-added",
  "resync-asked",
  "held-followed",
  "held-kept",
  "difference-acknowledged",
  "repair-asked",
  "task-created",
  "task-started",
  "task-paused",
  "task-resumed",
  "task-finished",
];

export type ReportSources = {
  readonly db: Database;
  readonly store: TaskStore;
  readonly verifications: VerificationStore;
  /** Of the task, newest first. */
  readonly cutovers: readonly CutoverRecord[];
  readonly repairs: readonly RepairRow[];
};

export function migrationReport(
  run: TaskRun,
  { db, store, verifications, cutovers, repairs }: ReportSources,
  now: number,
): MigrationReport {
  const { record } = run;
  const names = new Map(record.shards.map(({ id, name }) => [id, name]));
  const facts = run.shards.flatMap((shard) => shard.facts ?? []).sort((a, b) => b.at - a.at);
  const destination = facts.find((one) => one.destination !== null)?.destination ?? null;
  const [last] = cutovers;
  return {
    version: 1,
    task: {
      id: record.id,
      name: record.name,
      source: sourceLabel(run),
      destination: destinationLabel(run),
      mergePolicy: record.mergePolicy,
      status: run.state().status,
      createdAt: record.createdAt,
      finishedAt: last?.state.step === "finished" ? last.state.since : null,
    },
    writtenAt: now,
    shards: run.shards.map((shard): ShardReportLine => {
      const { id, name, endpoint, acknowledged } = shard.record;
      const source = shard.facts?.source ?? null;
      return {
        name,
        address: source?.address || formatAddress(endpoint),
        server: source === null ? null : `${source.flavor} ${source.version}`,
        initialSyncs: shard.initialSyncs,
        initialSync: shard.facts?.initialSync ?? null,
        keys: shard.facts?.sourceKeys ?? null,
        ...sampled(db, record.id, id),
        offset: shard.facts?.stream?.appliedOffset ?? null,
        differs: shard.facts?.differs?.causes.map(({ message }) => message) ?? [],
        acknowledged:
          (shard.acknowledged ?? acknowledged) === null
            ? null
            : (({ by, at, reason }) => ({ by, at, reason }))((shard.acknowledged ?? acknowledged)!),
        skipped: shard.skippedTotal,
        rejected: shard.rejectedTotal,
        refused: store.refused(record.id, id).map(({ samples: _, ...one }) => one),
        scripts: store
          .scripts(record.id, id)
          .map(({ sha, name, ran, failed }) => ({ sha, name, ran, failed })),
      };
    }),
    destination: {
      server: destination === null ? null : `${destination.flavor} ${destination.version}`,
      keys: facts.find((one) => one.destinationKeys !== null)?.destinationKeys ?? null,
    },
    verifications: verifications
      .list(record.id)
      .slice(0, 20)
      .map(({ id: _, ...one }) => one),
    repairs: repairs.map(({ id: _, verificationId: __, reason: ___, ...one }) => one),
    cutovers: cutovers.map(({ id: _, taskId: __, ...one }) => one),
    events: toldEvents(db, record.id, names),
  };
}

function sampled(
  db: Database,
  taskId: string,
  shardId: string,
): Pick<ShardReportLine, "commandsApplied" | "lag"> {
  const rows = db
    .select()
    .from(metricSamples)
    .where(and(eq(metricSamples.taskId, taskId), eq(metricSamples.shardId, shardId)))
    .orderBy(asc(metricSamples.at))
    .all();
  // What has been rolled up is there in the finer resolution as well, as long as that is kept.
  const finest = new Map<number, (typeof rows)[number]>();
  const oldest = (resolution: number) =>
    rows.find((row) => row.resolution === resolution)?.at ?? Number.POSITIVE_INFINITY;
  const [fromFive, fromSixty] = [oldest(5), oldest(60)];
  for (const row of rows) {
    const covered =
      (row.resolution === 60 && row.at >= fromFive) || (row.resolution === 900 && row.at >= fromSixty);
    if (!covered) finest.set(row.at, row);
  }
  const used = [...finest.values()];
  const lags = used.flatMap(({ lagSeconds }) => lagSeconds ?? []);
  return {
    commandsApplied: Math.round(
      used.reduce((sum, row) => sum + (row.commandsPerSecond ?? 0) * row.resolution, 0),
    ),
    lag: {
      worstSeconds: lags.length === 0 ? null : lags.reduce((a, b) => Math.max(a, b)),
      meanSeconds: lags.length === 0 ? null : lags.reduce((a, b) => a + b) / lags.length,
    },
  };
}

function toldEvents(
  db: Database,
  taskId: string,
  names: ReadonlyMap<string, string>,
): MigrationReport["events"] {
  const rows = db
    .select()
    .from(events)
    .where(eq(events.taskId, taskId))
    .orderBy(asc(events.id))
    .all()
    .filter(({ level, type }) => level !== "info" || DECISIONS.includes(type) || type.startsWith("cutover-"));
  return rows.slice(-200).map(({ at, level, type, shardId, message, count }) => ({
    at,
    level,
    type,
    shard: shardId === null ? null : (names.get(shardId) ?? shardId),
    message,
    count,
  }));
}
