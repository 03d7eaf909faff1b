import type { PlainReason } from "../../errors/tributary-error.ts";
import type { Lag, ShardStatus } from "../../sync/report/shard-report.ts";
import type { LastVerdict, ShardSummary, TaskView } from "./task-view.ts";

/** How a shard or a task is in one word, the worst first. */
export const healths = ["failed", "attention", "busy", "good", "idle"] as const;
export type Health = (typeof healths)[number];

/** Seconds of lag from which a shard that synchronizes is no longer called good. */
export const BEHIND_SECONDS = 30;

export type StatusShard = {
  readonly id: string;
  readonly name: string;
  readonly status: ShardStatus;
  readonly health: Health;
  readonly since: number;
  readonly lag: Lag;
  /** 0 to 1, of an initial sync whose size is known; null otherwise. */
  readonly copied: number | null;
  /** The destination is known to differ from it. */
  readonly differs: boolean;
};

export type StatusTask = {
  readonly id: string;
  readonly name: string;
  readonly status: ShardStatus;
  readonly health: Health;
  readonly since: number;
  readonly reason: PlainReason | null;
  /** The worst of its shards. */
  readonly lag: Lag;
  readonly commandsPerSecond: number | null;
  readonly shardsSynchronizing: number;
  /** Of the newest verification. */
  readonly verdict: Pick<LastVerdict, "outcome" | "finishedAt" | "stale"> | null;
  /** Those that need somebody first, otherwise in the task's order. */
  readonly shards: readonly StatusShard[];
};

export type StatusGroupView = {
  /** null for the tasks that are in no group. */
  readonly name: string | null;
  readonly tasks: readonly StatusTask[];
};

/** All that a screen on a wall shows. */
export type StatusBoard = {
  /** When it was made, in ms since the epoch. */
  readonly at: number;
  /** Of all that is shown. */
  readonly health: Health;
  /** Shards that are to run, and how many of those synchronize. */
  readonly shards: number;
  readonly synchronizing: number;
  readonly worstLagSeconds: number | null;
  readonly commandsPerSecond: number | null;
  /** In the chosen order; tasks that need somebody first. */
  readonly groups: readonly StatusGroupView[];
};

const healthOfStatus: Readonly<Record<ShardStatus, Health>> = {
  pending: "idle",
  prechecking: "busy",
  connecting: "busy",
  "initial-sync": "busy",
  synchronizing: "good",
  retrying: "attention",
  held: "attention",
  paused: "idle",
  failed: "failed",
  finished: "idle",
};

/** The worst of some; of none, idle. */
export function worstHealth(some: Iterable<Health>): Health {
  let worst = healths.length - 1;
  for (const health of some) worst = Math.min(worst, healths.indexOf(health));
  return healths[worst]!;
}

export function statusTask(task: TaskView): StatusTask {
  const shards = problemsFirst(task.shards.map(statusShard));
  const { verdict } = task;
  const verdictHealth: Health =
    verdict?.outcome === "different" && verdict.stale === null ? "attention" : "idle";
  return {
    id: task.id,
    name: task.name,
    status: task.status,
    health: worstHealth([healthOfStatus[task.status], verdictHealth, ...shards.map(({ health }) => health)]),
    since: task.since,
    reason: task.reason,
    lag: task.lag,
    commandsPerSecond: task.commandsPerSecond,
    shardsSynchronizing: task.shardsSynchronizing,
    verdict:
      verdict === null
        ? null
        : { outcome: verdict.outcome, finishedAt: verdict.finishedAt, stale: verdict.stale },
    shards,
  };
}

function statusShard({ id, name, status, since, report }: ShardSummary): StatusShard {
  const lag = report?.lag ?? { bytes: null, seconds: null, secondsUnknownBecause: null };
  const differs = report?.differs != null && status !== "finished";
  const isBehind = status === "synchronizing" && (lag.seconds ?? 0) >= BEHIND_SECONDS;
  const health = worstHealth([healthOfStatus[status], isBehind || differs ? "attention" : "idle"]);
  return { id, name, status, health, since, lag, copied: copiedOf(status, report), differs };
}

function copiedOf(status: ShardStatus, report: ShardSummary["report"]): number | null {
  const { rdbBytesTotal: total = null, rdbBytesApplied: applied = 0 } = report?.initialSync ?? {};
  return status !== "initial-sync" || total === null || total === 0 ? null : Math.min(1, applied / total);
}

/** @param groups in whose order the page stands. @param others whether tasks of no group are shown. */
export function statusBoard(
  tasks: readonly StatusTask[],
  { groups, others }: { groups: readonly { name: string; taskIds: readonly string[] }[]; others: boolean },
  now: number,
): StatusBoard {
  const chosen = groups.map(({ name, taskIds }) => ({
    name,
    tasks: problemsFirst(tasks.filter(({ id }) => taskIds.includes(id))),
  }));
  const grouped = new Set(groups.flatMap(({ taskIds }) => taskIds));
  const rest = problemsFirst(tasks.filter(({ id }) => !grouped.has(id)));
  const shown = [...chosen, ...(others ? [{ name: null, tasks: rest }] : [])].filter(
    (group) => group.tasks.length > 0,
  );
  const all = shown.flatMap((group) => group.tasks);
  const running = all.flatMap(({ shards }) => shards.filter(({ health }) => health !== "idle"));
  return {
    at: now,
    health: worstHealth(all.map(({ health }) => health)),
    shards: running.length,
    synchronizing: running.filter(({ status }) => status === "synchronizing").length,
    worstLagSeconds: greatest(running.map(({ lag }) => lag.seconds)),
    commandsPerSecond: sum(all.map((task) => task.commandsPerSecond)),
    groups: shown,
  };
}

function problemsFirst<One extends { readonly health: Health }>(some: readonly One[]): One[] {
  return [...some].sort((one, other) => healths.indexOf(one.health) - healths.indexOf(other.health));
}

function greatest(some: readonly (number | null)[]): number | null {
  return some.reduce((most, one) => (one === null ? most : Math.max(most ?? 0, one)), null);
}

function sum(some: readonly (number | null)[]): number | null {
  return some.reduce((total, one) => (one === null ? total : (total ?? 0) + one), null);
}
