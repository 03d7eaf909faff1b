import type { OpenDatabase } from "../../db/open-database.ts";
import { settings } from "../../db/schema.ts";
import { type PlainReason, TributaryError } from "../errors/tributary-error.ts";
import type { PrecheckInput, ShardAddress } from "../precheck/precheck-input.ts";
import type { PrecheckReport } from "../precheck/precheck-report.ts";
import type { HoldDecision } from "../sync/report/shard-report.ts";
import type { DestinationKeysPolicy } from "../sync/spec/shard-sync-spec.ts";
import { DialBudget } from "./checks/dial-budget.ts";
import type { CreateFlags } from "./checks/plan-checked.ts";
import type { RunPrechecks } from "./checks/precheck-verdict.ts";
import { type StartAnswer, type StartQuestion, startQuestion } from "./checks/start-confirmation.ts";
import type { CutoverBounds } from "./cutover/cutover-gates.ts";
import { openLeading } from "./cutover/leading.ts";
import { EngineLives } from "./engine/engine-lives.ts";
import type { ShardRunner, ShardRunnerListener } from "./engine/shard-runner.ts";
import { EventLog } from "./history/event-log.ts";
import { readLagSparkline, readSeries } from "./history/metrics-recorder.ts";
import { startRecording } from "./history/recording.ts";
import { NutcrackerReader } from "./plan/nutcracker-reader.ts";
import { type NutcrackerFacts, nutcrackerFacts, type PoolFacts, poolFacts } from "./plan/pool-facts.ts";
import { precheckInput } from "./plan/precheck-questions.ts";
import type { AddressInput, TaskInput } from "./plan/task-input.ts";
import { planTask } from "./plan/task-plan.ts";
import type { SecretBox } from "./secrets/secret-box.ts";
import { StorageHealth } from "./storage/storage-health.ts";
import { WriteBehind } from "./storage/write-behind.ts";
import { addShards } from "./supervisor/add-shards.ts";
import {
  type ConnectionsChange,
  type ConnectionsView,
  changeConnections,
  connectionsOf,
} from "./supervisor/change-connections.ts";
import { changeSettings, type SettingsChange } from "./supervisor/change-settings.ts";
import { forgetCheckpoints } from "./supervisor/forget-checkpoints.ts";
import { ShardWishes } from "./supervisor/shard-wishes.ts";
import { Supervisor } from "./supervisor/supervisor.ts";
import type { Actor } from "./tasks/actor.ts";
import { GivenUpShards } from "./tasks/given-up-shards.ts";
import { precheckInputOf } from "./tasks/task-specs.ts";
import { TaskStore } from "./tasks/task-store.ts";
import { openVerifying } from "./verification/verifying.ts";
import { hostsOf } from "./views/known-hosts.ts";
import type { EventView, SeriesRange, ShardSeries, ShardView, TaskRow, TaskView } from "./views/task-view.ts";
import { shardSummary, taskRow, taskView } from "./views/task-views.ts";

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
  /** Within what a cutover may go on. */
  readonly cutoverBounds?: Partial<CutoverBounds>;
  readonly now?: () => number;
};

/** The checks of a start, and what it would ask. */
export type StartCheck = PrecheckReport & {
  /** null where nothing has to be confirmed. */
  readonly question: StartQuestion | null;
};

export type ConnectionTest = StartCheck & {
  /** null where the shards were given by hand. */
  readonly pool: Omit<PoolFacts, "hasPassword"> | null;
};

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
  const reader = new NutcrackerReader();
  const budget = new DialBudget(now);
  const plan = async (input: Omit<TaskInput, "name">) => {
    const { source } = input;
    const planned = planTask(
      input,
      source.kind === "nutcracker" ? await reader.read(source.text) : undefined,
    );
    budget.take(serversOf(precheckInput(planned)));
    return planned;
  };
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
    plan,
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
  const wishes = new ShardWishes({ supervisor, store, health, now });
  const recording = startRecording({
    db,
    runs: () => supervisor.runs(),
    store,
    events,
    writes,
    onFailure: onWriteFailure,
    now,
  });

  const verifying = openVerifying({
    ...{ db, supervisor, events, health, box, now },
    dataDirectory: directory,
    onFailure: onWriteFailure,
  });
  const told = (taskId: string) => ({ ...events.told(taskId), verdict: verifying.lastVerdict(taskId) });

  const leading = openLeading({
    ...{ db, supervisor, store, writes, health, verifying, box, now, onFailure },
    dataDirectory: directory,
    bounds: options.cutoverBounds ?? {},
  });

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
  const row = (taskId: string): TaskRow => taskRow(supervisor.run(taskId), told(taskId), now());
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
    /** Hosts of the servers of all tasks. */
    hosts: (): ReadonlySet<string> => new Set(supervisor.runs().flatMap(hostsOf)),
    /** Ids of the shards of all tasks. */
    shardIds: (): ReadonlySet<string> =>
      new Set(supervisor.runs().flatMap(({ shards }) => shards.map(({ record: { id } }) => id))),
    task: (taskId: string): TaskView => taskView(supervisor.run(taskId), told(taskId), now()),
    shard: (taskId: string, shardId: string): ShardView => {
      const { run, shard } = shardOf(taskId, shardId);
      const { id, name, status, actions, destinationLabel } = row(taskId);
      const newest = events.page(taskId, { shardId, before: null, limit: 50 });
      return {
        task: { id, name, status, actions, destinationLabel, databases: run.record.databases },
        shard: shardSummary(run, shard, now()),
        siblings: run.shards.map((other) => ({
          id: other.record.id,
          name: other.record.name,
          status: run.stateOf(other).status,
        })),
        refused: store.refused(taskId, shardId),
        scripts: store.scripts(taskId, shardId),
        events: newest,
        alerts: events
          .told(taskId)
          .unseen.filter((event) => event.shardId === shardId)
          .slice(0, 50),
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
    /** It throws on no text. @throws TributaryError TOO_MANY_REQUESTS */
    readNutcracker: async (text: string): Promise<NutcrackerFacts> =>
      nutcrackerFacts(await reader.read(text)),
    /** Somebody has seen the alerts up to and with the event `upTo`: of one shard, or of all. */
    seeAlerts: (taskId: string, shardId: string | null, upTo: number): TaskRow => {
      supervisor.run(taskId);
      events.see(taskId, shardId, upTo);
      return row(taskId);
    },
    /** The checks for a task that does not exist yet, and the pool it would be made from; nothing is kept. */
    test: async (input: Omit<TaskInput, "name">): Promise<ConnectionTest> => {
      const planned = await plan(input);
      const report = await runPrechecks(precheckInput(planned));
      const { source } = planned;
      return {
        ...report,
        question: startQuestion(report, planned.destinationKeys),
        pool: source.kind === "nutcracker" ? poolFacts(source.pool) : null,
      };
    },
    /** @param destinationKeys in the place of the task's own choice. */
    precheck: async (taskId: string, destinationKeys?: DestinationKeysPolicy): Promise<StartCheck> => {
      const run = supervisor.run(taskId);
      const record = { ...run.record, destinationKeys: destinationKeys ?? run.record.destinationKeys };
      const input = precheckInputOf(record, box, run.began);
      budget.take(serversOf(input));
      const report = await runPrechecks(input);
      return { ...report, question: startQuestion(report, record.destinationKeys) };
    },
    create: async (input: TaskInput, flags: CreateFlags): Promise<TaskRow> =>
      row((await supervisor.create(input, flags)).record.id),
    start: (taskId: string, answer?: StartAnswer): TaskRow => row(supervisor.start(taskId, answer).record.id),
    change: (taskId: string, change: SettingsChange, actor: Actor): TaskView => {
      changeSettings(supervisor, taskId, change, actor);
      return taskView(supervisor.run(taskId), told(taskId), now());
    },
    connections: (taskId: string): ConnectionsView => connectionsOf({ supervisor, box }, taskId),
    changeConnections: async (taskId: string, change: ConnectionsChange, actor: Actor): Promise<TaskView> => {
      budget.take(1);
      await changeConnections({ supervisor, store, box }, taskId, change, actor);
      return taskView(supervisor.run(taskId), told(taskId), now());
    },
    addShards: (taskId: string, inputs: readonly AddressInput[], actor: Actor): TaskRow =>
      row(addShards({ supervisor, store, health, box }, taskId, inputs, actor).record.id),
    decide: (taskId: string, shardId: string, decision: HoldDecision, actor: Actor): void =>
      wishes.decide(taskId, shardId, decision, actor),
    /** `shardId` null is every shard. */
    resync: (taskId: string, shardId: string | null, actor: Actor): void =>
      wishes.resync(taskId, shardId, actor),
    acknowledge: (taskId: string, shardId: string, reason: string, actor: Actor): void =>
      wishes.acknowledge(taskId, shardId, reason, actor),
    pause: (taskId: string): TaskRow => row(supervisor.pause(taskId).record.id),
    resume: (taskId: string): TaskRow => row(supervisor.resume(taskId).record.id),
    stop: (taskId: string): TaskRow => row(supervisor.stop(taskId).record.id),
    rename: (taskId: string, name: string): TaskRow => row(supervisor.rename(taskId, name).record.id),
    delete: async (taskId: string): Promise<void> => {
      await verifying.end(taskId);
      await supervisor.delete(taskId);
      if (!supervisor.runs().some(({ record }) => record.id === taskId)) leading.forget(taskId);
    },
    ...verifying.actions,
    ...leading.actions,
    /** Takes up the tasks of the database: those that were running go on. */
    begin: (): void => {
      leading.open();
      supervisor.open(leading.recall);
      for (const run of supervisor.runs()) {
        const shardIds = run.shards.map((shard) => shard.record.id);
        run.lagSparkline = readLagSparkline(db, run.record.id, shardIds, now());
      }
      verifying.begin();
    },
    /** Stops the shard syncs within seconds; running tasks go on at the next start. */
    close: async (): Promise<void> => {
      recording.stop();
      leading.close();
      await verifying.close();
      await Promise.all([supervisor.close(), reader.close()]);
      lives.close();
      writes.close();
    },
  };
}

/** How many addresses the checks dial. */
function serversOf({ shards, stats }: PrecheckInput): number {
  const ofShard = ({ alternatives = [], sentinel = null }: ShardAddress) =>
    1 + alternatives.length + (sentinel?.sentinels.length ?? 0);
  return shards.reduce((sum, shard) => sum + ofShard(shard), stats === undefined ? 1 : 2);
}
