import type { OpenDatabase } from "../../db/open-database.ts";
import { settings } from "../../db/schema.ts";
import { type PlainReason, TributaryError } from "../errors/tributary-error.ts";
import type { PrecheckReport } from "../precheck/precheck-report.ts";
import { EngineLives } from "./engine-lives.ts";
import { EventLog } from "./event-log.ts";
import { forgetCheckpoints } from "./forget-checkpoints.ts";
import { GivenUpShards } from "./given-up-shards.ts";
import { readLagSparkline, readSeries } from "./metrics-recorder.ts";
import { type PoolFacts, poolFacts } from "./pool-facts.ts";
import { precheckInput, type RunPrechecks } from "./precheck-verdict.ts";
import { startRecording } from "./recording.ts";
import type { SecretBox } from "./secret-box.ts";
import type { ShardRunner, ShardRunnerListener } from "./shard-runner.ts";
import { StorageHealth } from "./storage-health.ts";
import { Supervisor } from "./supervisor.ts";
import type { TaskInput } from "./task-input.ts";
import { planTask } from "./task-plan.ts";
import { precheckInputOf } from "./task-specs.ts";
import { TaskStore } from "./task-store.ts";
import type { EventView, SeriesRange, ShardSeries, ShardView, TaskRow, TaskView } from "./task-view.ts";
import { shardSummary, taskRow, taskView } from "./task-views.ts";
import { WriteBehind } from "./write-behind.ts";

/** Bytes that a shard sync may keep on disk, where the setting spoolQuotaBytes does not say otherwise. */
const defaultSpoolQuota = 8 * 1024 ** 3;

export type ControlOptions = {
  readonly database: OpenDatabase;
  readonly box: SecretBox;
  readonly runPrechecks: RunPrechecks;
  readonly runner: (listener: ShardRunnerListener) => ShardRunner;
  /** Hears of what failed without harm to a task; `what` is a sentence. */
  readonly onFailure: (what: string, error: unknown) => void;
  /** Hears that what failed is over. */
  readonly onRecovery?: (what: string) => void;
  readonly now?: () => number;
};

/** null where the shards were given by hand. */
export type ConnectionTest = PrecheckReport & { readonly pool: Omit<PoolFacts, "hasPassword"> | null };

/** All that the API can ask of the engine: the supervisor's actions and the views of what it knows. */
export type Control = ReturnType<typeof openControl>;

/** Wires the engine's control; nothing runs before `begin`. */
export function openControl(options: ControlOptions) {
  const { db, directory } = options.database;
  const now = options.now ?? Date.now;
  const { box, runPrechecks, onFailure } = options;
  const health = new StorageHealth(directory, (problem, error) => {
    sayOfStorage(problem);
    if (problem === null) options.onRecovery?.("The database can be written again.");
    else onFailure(`${problem.message} ${problem.remedy}`, error);
  });
  const onWriteFailure = (error: unknown) => {
    if (!health.failed(error)) onFailure("A part of the history could not be written.", error);
  };
  const writes = new WriteBehind({
    transaction: (run) => db.transaction(run),
    isPassing: (error) => health.failed(error),
    onWritten: () => health.wrote(),
    onDropped: (error) => onFailure("A part of the history could not be written and is left out.", error),
  });
  const events = new EventLog(db, writes);
  const store = new TaskStore(db);
  const lives = new EngineLives(db);
  const supervisor = new Supervisor({
    store,
    events,
    writes,
    health,
    lives,
    givenUp: new GivenUpShards(db, writes),
    box,
    runPrechecks,
    runner: options.runner,
    dataDirectory: directory,
    spoolQuotaBytes: () => {
      const row = db
        .select()
        .from(settings)
        .all()
        .find(({ key }) => key === "spoolQuotaBytes");
      return typeof row?.value === "number" ? row.value : defaultSpoolQuota;
    },
    onDeleted: (task) => {
      forgetCheckpoints(task, box).catch((error: unknown) =>
        onFailure("The checkpoints of a deleted task could not be removed from its destination.", error),
      );
    },
    now,
  });
  const recording = startRecording({ db, supervisor, store, events, writes, onFailure: onWriteFailure, now });

  function sayOfStorage(problem: PlainReason | null): void {
    const said =
      problem === null
        ? ({
            level: "info",
            type: "database-written-again",
            message: "The database can be written again.",
          } as const)
        : ({ level: "alert", type: "database-unwritable", message: problem.message } as const);
    for (const { record } of supervisor.runs())
      events.add({ taskId: record.id, shardId: null, at: now(), ...said });
  }
  const row = (taskId: string): TaskRow => taskRow(supervisor.run(taskId), events.recent(taskId), now());
  const shardOf = (taskId: string, shardId: string) => {
    const run = supervisor.run(taskId);
    const shard = run.shards.find((candidate) => candidate.record.id === shardId);
    if (shard === undefined)
      throw new TributaryError("SHARD_UNKNOWN", { task: run.record.name, shard: shardId });
    return { run, shard };
  };
  return {
    list: (): TaskRow[] => supervisor.runs().map(({ record }) => row(record.id)),
    row,
    task: (taskId: string): TaskView => taskView(supervisor.run(taskId), events.recent(taskId), now()),
    shard: (taskId: string, shardId: string): ShardView => {
      const { run, shard } = shardOf(taskId, shardId);
      const { id, name, status, actions, destinationLabel } = row(taskId);
      const newest = events.page(taskId, { shardId, before: null, limit: 50 });
      return {
        task: { id, name, status, actions, destinationLabel },
        shard: shardSummary(run, shard, now()),
        siblings: run.shards.map((other) => ({
          id: other.record.id,
          name: other.record.name,
          status: run.stateOf(other).status,
        })),
        refused: store.refused(taskId, shardId),
        scripts: store.scripts(taskId, shardId),
        events: newest,
      };
    },
    series: (taskId: string, shardId: string, range: SeriesRange): ShardSeries => {
      shardOf(taskId, shardId);
      writes.flush();
      return readSeries(db, { taskId, shardId }, range, now());
    },
    /** Why the database takes no writes now; null while it does. */
    storageProblem: (): PlainReason | null => health.problem,
    events: (taskId: string, before: number | null, limit: number): EventView[] => {
      supervisor.run(taskId);
      return events.page(taskId, { shardId: null, before, limit });
    },
    /** The checks for a task that does not exist yet, and the pool it would be made from; nothing is kept. */
    test: async (input: Omit<TaskInput, "name">): Promise<ConnectionTest> => {
      const plan = planTask(input);
      const report = await runPrechecks(precheckInput(plan));
      return { ...report, pool: plan.source.kind === "nutcracker" ? poolFacts(plan.source.pool) : null };
    },
    precheck: async (taskId: string): Promise<PrecheckReport> =>
      runPrechecks(precheckInputOf(supervisor.run(taskId).record, box)),
    create: async (input: TaskInput, flags: { start: boolean; skipChecks: boolean }): Promise<TaskRow> =>
      row((await supervisor.create(input, flags)).record.id),
    start: (taskId: string): TaskRow => row(supervisor.start(taskId).record.id),
    pause: (taskId: string): TaskRow => row(supervisor.pause(taskId).record.id),
    resume: (taskId: string): TaskRow => row(supervisor.resume(taskId).record.id),
    stop: (taskId: string): TaskRow => row(supervisor.stop(taskId).record.id),
    rename: (taskId: string, name: string): TaskRow => row(supervisor.rename(taskId, name).record.id),
    delete: (taskId: string): Promise<void> => supervisor.delete(taskId),
    /** Takes up the tasks of the database: those that were running go on. */
    begin: (): void => {
      supervisor.open();
      for (const run of supervisor.runs()) {
        const shardIds = run.shards.map((shard) => shard.record.id);
        run.lagSparkline = readLagSparkline(db, run.record.id, shardIds, now());
      }
    },
    /** Stops the shard syncs within seconds; running tasks go on at the next start. */
    close: async (): Promise<void> => {
      recording.stop();
      await supervisor.close();
      lives.close();
      writes.close();
    },
  };
}
