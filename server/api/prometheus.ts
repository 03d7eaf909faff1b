import { Counter, Gauge, Registry } from "prom-client";
import {
  type ShardStatus,
  type ShardSummary,
  shardStatuses,
  type TaskView,
} from "../control/views/task-view.ts";
import type { SystemInfo } from "./system-info.ts";

type Task = Pick<TaskView, "id" | "name" | "shards" | "unseenAlerts" | "verdict">;
type Read = (shard: ShardSummary) => number | null | undefined;

/** A figure that each shard has; where it is unknown, the series is not there, since 0 would be a lie. */
type ShardFigure = {
  readonly name: string;
  readonly help: string;
  readonly kind: "gauge" | "counter";
  readonly read: Read;
};

const total = (counts: readonly { readonly keys: number }[] | null | undefined) =>
  counts?.reduce((sum, { keys }) => sum + keys, 0);

/**
 * Names and units by Prometheus's own rules: base units (seconds, bytes), `_total` on counters. No label holds the name
 * of a key. Source of the rules: prometheus.io/docs/practices/naming.
 */
const shardFigures: readonly ShardFigure[] = [
  gauge(
    "lag_seconds",
    "Time by which the destination is behind the shard.",
    ({ report }) => report?.lag.seconds,
  ),
  gauge(
    "lag_bytes",
    "Bytes of the shard's stream that are not applied yet.",
    ({ report }) => report?.lag.bytes,
  ),
  gauge("source_keys", "Keys on the shard, in all its databases.", ({ report }) => total(report?.sourceKeys)),
  counter(
    "commands_applied_total",
    "Commands of the stream that were applied since the shard sync began.",
    ({ report }) => report?.stream?.commandsApplied,
  ),
  counter(
    "stream_bytes_applied_total",
    "Bytes of the stream that were applied since the shard sync began.",
    ({ report }) => report?.stream?.bytesApplied,
  ),
  counter(
    "commands_skipped_total",
    "Commands that Tributary did not apply since the task was created.",
    ({ skippedTotal }) => skippedTotal,
  ),
  counter(
    "commands_rejected_total",
    "Commands that the destination refused since the task was created.",
    ({ rejectedTotal }) => rejectedTotal,
  ),
  counter(
    "initial_syncs_total",
    "Initial syncs that the shard has begun since the task was created.",
    ({ report }) => report?.initialSyncs,
  ),
  gauge(
    "initial_sync_keys_applied",
    "Keys that the present or latest initial sync has copied.",
    ({ report }) => report?.initialSync?.keysApplied,
  ),
  gauge(
    "doubtful_keys",
    "Keys that wait to be copied again at an exact offset.",
    ({ report }) => report?.stream?.doubtfulKeys,
  ),
  gauge(
    "expiries_held_back",
    "Keys whose expiry stands far in the future on the destination while the stream is behind.",
    ({ report }) => report?.expiriesHeldBack,
  ),
  gauge("spool_memory_bytes", "Memory that the spool takes up.", ({ report }) => report?.spool.memoryBytes),
  gauge("spool_disk_bytes", "Disk that the spool takes up.", ({ report }) => report?.spool.diskBytes),
  gauge("source_memory_bytes", "used_memory of the shard.", ({ report }) => report?.source?.usedMemory),
  gauge(
    "source_backlog_bytes",
    "repl-backlog-size of the shard.",
    ({ report }) => report?.source?.backlogSize,
  ),
  gauge(
    "destination_memory_bytes",
    "used_memory of the destination.",
    ({ report }) => report?.destination?.usedMemory,
  ),
  gauge(
    "destination_memory_max_bytes",
    "maxmemory of the destination; 0 is without a limit.",
    ({ report }) => report?.destination?.maxMemory,
  ),
  gauge("differs", "1 while the destination is known to differ from the shard.", ({ report }) =>
    report == null ? null : Number(report.differs !== null),
  ),
  gauge(
    "status_since_seconds",
    "Unix time since when the shard has its status.",
    ({ since }) => since / 1000,
  ),
];

/**
 * All that Prometheus is told, in its text format 0.0.4. A registry of its own for each scrape: what has gone with a
 * deleted task is not told any more.
 * @param tasks as the one who asks may see them. @param writable whether the database takes writes.
 * @returns the text, and the content type that goes with it.
 */
export async function prometheusText(
  tasks: readonly Task[],
  system: SystemInfo,
  writable: boolean,
): Promise<{ readonly text: string; readonly contentType: string }> {
  const registry = new Registry();
  addSystem(registry, system, writable);
  addTasks(registry, tasks);
  addStatuses(registry, tasks);
  for (const figure of shardFigures) addFigure(registry, figure, tasks);
  return { text: await registry.metrics(), contentType: registry.contentType };
}

function addSystem(registry: Registry, system: SystemInfo, writable: boolean): void {
  const one = (name: string, help: string, value: number | null) => {
    const series = new Gauge({ name: `tributary_${name}`, help, registers: [registry] });
    if (value !== null) series.set(value);
  };
  new Gauge({
    name: "tributary_build_info",
    help: "Always 1; the labels say what runs.",
    labelNames: ["version", "node_version"],
    registers: [registry],
  }).set({ version: system.version, node_version: system.nodeVersion }, 1);
  one("uptime_seconds", "Time since the process started.", system.uptimeSeconds);
  one("resident_memory_bytes", "Memory of the process, its worker threads included.", system.memory.rssBytes);
  one("data_directory_free_bytes", "Free disk of the data directory.", system.dataDirectoryFreeBytes);
  one("database_writable", "1 while the database takes writes.", Number(writable));
}

function addTasks(registry: Registry, tasks: readonly Task[]): void {
  const of = (name: string, help: string, read: (task: Task) => number | null) => {
    const labelNames = ["task", "task_name"];
    const series = new Gauge({ name: `tributary_task_${name}`, help, labelNames, registers: [registry] });
    for (const task of tasks) {
      const value = read(task);
      if (value !== null) series.set({ task: task.id, task_name: task.name }, value);
    }
  };
  of("shards", "Shards of the task.", ({ shards }) => shards.length);
  of("unseen_alerts", "Alerts that nobody has marked as seen.", ({ unseenAlerts }) => unseenAlerts);
  of(
    "verification_differences",
    "Differences that the newest verification found.",
    ({ verdict }) => verdict?.differences ?? null,
  );
  of("verification_finished_seconds", "Unix time at which the newest verification ended.", ({ verdict }) =>
    verdict === null ? null : verdict.finishedAt / 1000,
  );
}

/** A series for each status, 1 for the present one: a rule can ask for one that has lasted. */
function addStatuses(registry: Registry, tasks: readonly Task[]): void {
  const series = new Gauge({
    name: "tributary_shard_status",
    help: "1 for the status that the shard has, 0 for the others.",
    labelNames: ["task", "task_name", "shard", "status"],
    registers: [registry],
  });
  for (const { shard, labels } of shardsOf(tasks))
    for (const status of shardStatuses) series.set({ ...labels, status }, isNow(shard, status));
}

const isNow = (shard: ShardSummary, status: ShardStatus) => Number(shard.status === status);

function addFigure(registry: Registry, figure: ShardFigure, tasks: readonly Task[]): void {
  const options = {
    name: `tributary_shard_${figure.name}`,
    help: figure.help,
    labelNames: ["task", "task_name", "shard"],
    registers: [registry],
  };
  const series = figure.kind === "gauge" ? new Gauge(options) : new Counter(options);
  for (const { shard, labels } of shardsOf(tasks)) {
    const value = figure.read(shard);
    // Of a counter that begins at 0 with each scrape, an increment is its value.
    if (value != null) series.inc(labels, value);
  }
}

function shardsOf(tasks: readonly Task[]) {
  return tasks.flatMap((task) =>
    task.shards.map((shard) => ({
      shard,
      labels: { task: task.id, task_name: task.name, shard: shard.name },
    })),
  );
}

function gauge(name: string, help: string, read: Read): ShardFigure {
  return { name, help, kind: "gauge", read };
}

function counter(name: string, help: string, read: Read): ShardFigure {
  return { name, help, kind: "counter", read };
}
