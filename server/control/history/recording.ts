import type { Database } from "../../../db/open-database.ts";
import type { KeyCount } from "../../sync/report/shard-report.ts";
import type { DatabaseMap } from "../../sync/spec/shard-sync-spec.ts";
import type { WriteBehind } from "../storage/write-behind.ts";
import type { TaskRun } from "../tasks/task-run.ts";
import type { TaskStore } from "../tasks/task-store.ts";
import { lagOf, worstLag } from "../views/task-views.ts";
import type { EventLog } from "./event-log.ts";
import { recordSamples, rollUp, type Sample } from "./metrics-recorder.ts";

/**
 * Keeps the history: samples and last facts every 5 s, the sparkline every 10 s, the roll-up each minute.
 * `onFailure` hears of a write that failed; the next one is made all the same.
 */
export function startRecording(options: {
  readonly db: Database;
  readonly runs: () => readonly TaskRun[];
  readonly store: TaskStore;
  readonly events: EventLog;
  readonly writes: WriteBehind;
  readonly onFailure: (error: unknown) => void;
  readonly now?: () => number;
}): { stop: () => void } {
  const { db, runs, store, events, writes } = options;
  const now = options.now ?? Date.now;
  const sample = () => {
    const at = now();
    const running = runs().filter((run) => run.running);
    const samples = running.flatMap((run) => samplesOf(run, at));
    const facts = running.flatMap((run) =>
      run.shards.flatMap((shard) => (shard.fresh ? (shard.facts ?? []) : [])),
    );
    writes.add(() => {
      recordSamples(
        db,
        samples.filter(({ taskId }) => isThere(runs(), taskId)),
        at,
      );
      for (const fact of facts) store.saveFacts(fact);
    });
  };
  const spark = () => {
    for (const run of runs()) run.addToSparkline(worstLag(run, now()).seconds);
  };
  const tidy = () => {
    writes.flush();
    rollUp(db, now());
    for (const { record } of runs()) events.prune(record.id);
  };
  const timers = [
    every(5_000, sample, options.onFailure),
    every(10_000, spark, options.onFailure),
    every(60_000, tidy, options.onFailure),
  ];
  return {
    stop: () => {
      for (const timer of timers) clearInterval(timer);
    },
  };
}

function samplesOf(run: TaskRun, at: number): Sample[] {
  return run.shards.map((shard) => {
    const lag = lagOf(run, shard, at);
    const facts = shard.fresh ? shard.facts : null;
    return {
      taskId: run.record.id,
      shardId: shard.record.id,
      lagSeconds: lag.seconds,
      lagBytes: lag.bytes,
      commandsPerSecond: shard.rates.rate("commands"),
      bytesPerSecond: shard.rates.rate("bytes"),
      sourceKeys: sumOfKeys(facts?.sourceKeys, run.record.databases, "source"),
      destinationKeys: sumOfKeys(facts?.destinationKeys, run.record.databases, "destination"),
    };
  });
}

/** Of the databases that are copied; null while unknown. */
function sumOfKeys(
  counts: readonly KeyCount[] | null | undefined,
  databases: DatabaseMap,
  side: "source" | "destination",
): number | null {
  if (!counts) return null;
  const copied = ({ db }: KeyCount) =>
    databases.kind === "all" || databases.pairs.some((pair) => pair[side] === db);
  return counts.filter(copied).reduce((sum, count) => sum + count.keys, 0);
}

function isThere(runs: readonly TaskRun[], taskId: string): boolean {
  return runs.some(({ record }) => record.id === taskId);
}

function every(ms: number, action: () => void, onFailure: (error: unknown) => void): NodeJS.Timeout {
  return setInterval(() => {
    try {
      action();
    } catch (error) {
      onFailure(error);
    }
  }, ms).unref();
}
