import type { KeyCount } from "../../sync/report/shard-report.ts";
import { type StatusTask, statusTask } from "./status-board.ts";
import type { EventView, LastVerdict, ShardSummary, TaskView } from "./task-view.ts";

/** Events that a share link shows, the newest. */
const MOST_EVENTS = 20;

export type SharedShard = {
  readonly id: string;
  readonly address: string;
  readonly rates: Pick<ShardSummary["rates"], "commandsPerSecond" | "initialSyncSecondsLeft">;
  readonly sourceKeys: readonly KeyCount[] | null;
  readonly skippedTotal: number;
  readonly rejectedTotal: number;
};

/** What the holder of a share link sees of a task: named one by one, so that what a task gets tomorrow stays inside. */
export type SharedTask = {
  /** When it was made, in ms since the epoch. */
  readonly at: number;
  /** When the link expires. */
  readonly until: number;
  readonly task: StatusTask;
  readonly sourceLabel: string;
  readonly destinationLabel: string;
  readonly createdAt: number;
  readonly destinationKeys: readonly KeyCount[] | null;
  readonly verdict: Pick<
    LastVerdict,
    "outcome" | "sentence" | "finishedAt" | "compared" | "differences" | "stale"
  > | null;
  /** More of each shard, by its id, in the task's order. */
  readonly details: readonly SharedShard[];
  /** Newest first. */
  readonly events: readonly Pick<
    EventView,
    "id" | "at" | "count" | "firstAt" | "level" | "type" | "message" | "shardId"
  >[];
};

/** @param when in ms since the epoch: now, and until when the link leads to it. */
export function sharedTask(task: TaskView, { now, until }: { now: number; until: number }): SharedTask {
  const { sourceLabel, destinationLabel, createdAt, destinationKeys, verdict } = task;
  return {
    at: now,
    until,
    task: statusTask(task),
    sourceLabel,
    destinationLabel,
    createdAt,
    destinationKeys,
    verdict: verdict === null ? null : pick(verdict),
    details: task.shards.map((shard) => ({
      id: shard.id,
      address: shard.address,
      rates: {
        commandsPerSecond: shard.rates.commandsPerSecond,
        initialSyncSecondsLeft: shard.rates.initialSyncSecondsLeft,
      },
      sourceKeys: shard.report?.sourceKeys ?? null,
      skippedTotal: shard.skippedTotal,
      rejectedTotal: shard.rejectedTotal,
    })),
    events: task.events
      .slice(0, MOST_EVENTS)
      .map(({ id, at, count, firstAt, level, type, message, shardId }) => ({
        ...{ id, at, count, firstAt, level, type, message, shardId },
      })),
  };
}

function pick({ outcome, sentence, finishedAt, compared, differences, stale }: LastVerdict) {
  return { outcome, sentence, finishedAt, compared, differences, stale };
}
