import type { ShardSummary, TaskView } from "../../server/control/views/task-view.ts";

/** One line for a shard: what it is doing and how far it is. */
export function shardLine(shard: ShardSummary): string {
  const { report, status } = shard;
  const words = [shard.name.padEnd(8), status.padEnd(13)];
  const progress = report?.initialSync ?? null;
  if (status === "initial-sync" && progress !== null) {
    words.push(progress.step === "waiting-for-rdb" ? "the master is saving its RDB" : initialSync(progress));
  } else if (status === "synchronizing" && report !== null) {
    words.push(`lag ${seconds(report.lag.seconds)}, ${bytes(report.lag.bytes)}`.padEnd(24));
    words.push(`${count(keysOf(report.sourceKeys))} keys`);
    const rate = shard.rates.commandsPerSecond;
    if (rate !== null) words.push(`${count(rate)} commands/s`);
  } else if (shard.reason !== null) {
    words.push(shard.reason.message);
  }
  return words.join("  ");
}

export function destinationLine(task: TaskView): string {
  return `${"together".padEnd(8)}  ${task.status.padEnd(13)}  ${count(keysOf(task.destinationKeys))} keys on the destination`;
}

/** Changes with everything that deserves a new line where lines cannot be overwritten. */
export function milestones(task: TaskView): string {
  return task.shards
    .map(({ status, report }) => {
      const step = status === "initial-sync" ? report?.initialSync?.step : "";
      return `${status} ${step} ${typeof report?.lag.seconds}`;
    })
    .join("|");
}

type Progress = NonNullable<NonNullable<ShardSummary["report"]>["initialSync"]>;

function initialSync(progress: Progress): string {
  const keys = `${count(progress.keysApplied)} of ${count(progress.keysTotal)} keys`;
  if (progress.rdbBytesTotal === null || progress.rdbBytesTotal === 0) return keys;
  const percent = Math.floor((100 * progress.rdbBytesApplied) / progress.rdbBytesTotal);
  return `${String(percent).padStart(3)} %  ${keys}`;
}

function keysOf(counts: readonly { readonly keys: number }[] | null): number | null {
  return counts === null ? null : counts.reduce((sum, { keys }) => sum + keys, 0);
}

const count = (value: number | null) => (value === null ? "?" : Math.round(value).toLocaleString("en-US"));
const seconds = (value: number | null) => (value === null ? "unknown" : `${value.toFixed(1)} s`);
const bytes = (value: number | null) => (value === null ? "unknown" : `${count(value)} bytes`);
