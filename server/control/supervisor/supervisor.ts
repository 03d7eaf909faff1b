import { rmSync } from "node:fs";
import { type PlainReason, reasonOf, TributaryError, toReason } from "../../errors/tributary-error.ts";
import type { ShardReport } from "../../sync/report/shard-report.ts";
import { type CreateFlags, planChecked } from "../checks/plan-checked.ts";
import { answeredChange, confirmationText, type StartAnswer } from "../checks/start-confirmation.ts";
import { checkTask } from "../checks/task-check.ts";
import type { ShardCommand } from "../engine/engine-protocol.ts";
import type { ShardRunner } from "../engine/shard-runner.ts";
import { newTaskId } from "../plan/task-id.ts";
import type { TaskInput } from "../plan/task-input.ts";
import type { ShardRun } from "../tasks/shard-run.ts";
import { TaskChanges } from "../tasks/task-changes.ts";
import type { TaskAction, TaskChange, TaskRecord } from "../tasks/task-record.ts";
import { mayAct, refuseTakenName } from "../tasks/task-rules.ts";
import type { TaskRun } from "../tasks/task-run.ts";
import { recordOf, specOf, spoolOf } from "../tasks/task-specs.ts";
import { acceptLoss } from "./accept-loss.ts";
import { takeReport } from "./report-intake.ts";
import { restShard, stopShard } from "./stop-shard.ts";
import type { SupervisorOptions } from "./supervisor-options.ts";
import { takeUp } from "./take-up-task.ts";

/**
 * Makes of each task what its user wants: the wish is written down first, then shard syncs are started and
 * stopped until what runs is what is wanted, so that after a crash at any point the next start goes on.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #runner: ShardRunner;
  readonly #changes: TaskChanges;
  readonly #now: () => number;
  readonly #runs = new Map<string, TaskRun>();
  #closing = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#changes = new TaskChanges(options);
    this.#runner = options.runner({
      onReport: (report) => this.#onReport(report),
      onEnded: (taskId, shardId) => this.#shard(taskId, shardId)?.end(true),
      onWorkerDied: (taskId, shardId, reason, givenUp) =>
        this.#onWorkerDied(taskId, shardId, reason, givenUp),
    });
  }

  /**
   * Takes up all tasks from the database; those that were running go on. One by one where the engine has ended soon
   * after its last starts: the one by which it ends again is not started by itself any more.
   * @param adopted is told of each before anything is done with it.
   */
  open(adopted: (run: TaskRun) => void = () => {}): void {
    const { lives } = this.#options;
    const again: TaskRun[] = [];
    for (const record of this.#options.store.loadAll()) {
      const run = this.#adopt(record);
      adopted(run);
      if (record.cuttingOver) this.#cutoverBroken(run);
      if (record.wanted !== "running" || record.failure !== null) continue;
      if (record.id === lives.endedBy) this.#fail(run, reasonOf("ENGINE_DIED_AGAIN", { task: record.name }));
      else again.push(run);
    }
    void lives.takeUp(again, (run) => {
      const { record } = run;
      if (this.#closing || record.wanted !== "running" || record.failure !== null) return;
      if (record.prechecked) void this.#reconcile(run);
      else this.#check(run);
    });
  }

  /** Stops the shard syncs in good order; what is wanted of the tasks stays. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#runner.close();
  }

  /** In the order of their creation. */
  runs(): readonly TaskRun[] {
    return [...this.#runs.values()];
  }

  /** @throws TributaryError TASK_UNKNOWN */
  run(taskId: string): TaskRun {
    const run = this.#runs.get(taskId);
    if (run === undefined) throw new TributaryError("TASK_UNKNOWN", { task: taskId });
    return run;
  }

  /**
   * Creates a task after checking that it can run; nothing is kept when it cannot.
   * @throws TributaryError whatever planTask throws, TASK_NAME_TAKEN, DATABASE_UNWRITABLE, PrecheckError,
   * UnconfirmedError
   */
  async create(input: TaskInput, flags: CreateFlags): Promise<TaskRun> {
    const name = input.name.trim();
    refuseTakenName(this.runs(), name, null);
    const { box } = this.#options;
    const { plan, confirmed } = await planChecked(input, flags, this.#options, this.#now());
    // Another may have taken it while the checks ran.
    refuseTakenName(this.runs(), name, null);
    const id = newTaskId();
    const text = input.source.kind === "nutcracker" ? input.source.text : null;
    const record = recordOf(plan, { id, name, confirmed, text, now: this.#now() }, box);
    this.#options.health.durably(() => this.#options.store.insert(record));
    const run = this.#adopt(record);
    const shards = record.shards.length === 1 ? "1 shard" : `${record.shards.length} shards`;
    this.say(run, "task-created", `The task was created with ${shards}.`);
    if (flags.start) this.start(id);
    return run;
  }

  rename(taskId: string, name: string): TaskRun {
    const run = this.run(taskId);
    const wanted = name.trim();
    if (wanted === run.record.name) return run;
    refuseTakenName(this.runs(), wanted, taskId);
    const former = run.record.name;
    this.#changes.wish(run, { name: wanted });
    this.say(run, "task-renamed", `The task was renamed from ${former} to ${wanted}.`);
    return run;
  }

  /**
   * Checks the task and runs its shard syncs; those that failed are started again.
   * @param answer to the question that a first start into a destination in use asks.
   */
  start(taskId: string, answer: StartAnswer = {}): TaskRun {
    return this.#act(taskId, "start", (run) => {
      // Checks stand before a first write. Beside shards that run, their verdict on one must not stop the others.
      const prechecked = run.running;
      const since = this.#now();
      const answered = run.began ? {} : answeredChange(run.record, answer, since);
      this.#changes.wish(run, { wanted: "running", prechecked, failure: null, since, ...answered });
      acceptLoss(run, this.#options);
      this.#options.givenUp.forgive(run);
      this.say(run, "task-started", "The task was started.");
      if (prechecked) void this.#reconcile(run);
      else this.#check(run);
    });
  }

  /** Stops the shard syncs; each goes on at its checkpoint when the task is resumed. */
  pause(taskId: string): TaskRun {
    return this.#act(taskId, "pause", (run) => {
      run.checking = null;
      // Not refused where it cannot be written: what fills the disk may be the spool that a pause empties.
      this.#changes.happened(run, { wanted: "paused", failure: null, since: this.#now() });
      this.say(run, "task-paused", "The task was paused.");
      void this.#reconcile(run);
    });
  }

  resume(taskId: string): TaskRun {
    return this.#act(taskId, "resume", (run) => {
      this.#changes.wish(run, { wanted: "running", failure: null, since: this.#now() });
      this.#options.givenUp.forgive(run);
      this.say(run, "task-resumed", "The task was resumed.");
      // It may have been paused before its checks were through.
      if (run.record.prechecked) void this.#reconcile(run);
      else this.#check(run);
    });
  }

  /** The cutover: applies what was received, forgets the checkpoints, and never writes again. */
  stop(taskId: string): TaskRun {
    return this.#act(taskId, "stop", (run) => {
      const since = this.#now();
      this.#changes.wish(run, { wanted: "finished", cuttingOver: true, failure: null, since });
      this.say(run, "task-stopped", "The task was stopped for the cutover.");
      void this.#reconcile(run).then(() => {
        if (this.#closing) return;
        this.#changes.happened(run, { cuttingOver: false });
        this.say(run, "task-finished", "The task is finished.");
      });
    });
  }

  /**
   * Brings a task's shard syncs to rest for the switch: all that the shards have written is applied and put right, and
   * then nothing is written any more. They go on unless `settled` wants them to stay so.
   * @param settled is told for each shard that cannot confirm it why, and writes down what becomes of the task.
   */
  async rest(run: TaskRun, settled: (unrested: readonly string[]) => boolean): Promise<void> {
    await run.serially(async () => {
      if (this.#closing) return;
      let stays = false;
      try {
        const why = await Promise.all(run.shards.map((shard) => restShard(run, shard, this.#runner)));
        if (!this.#closing) stays = settled(why.filter((one) => one !== null));
      } finally {
        if (!stays && !this.#closing && run.shouldRun) this.#startShards(run);
      }
    });
  }

  /** What runs is made to be what the record wants, after a change that was written otherwise. */
  follow(run: TaskRun): void {
    void this.#reconcile(run);
  }

  /** Forgets a task that does not run; a task that is gone already is no error. */
  async delete(taskId: string): Promise<void> {
    const run = this.#runs.get(taskId);
    if (run === undefined || !mayAct(run, "delete")) return;
    await run.serially(async () => {
      if (!this.#runs.has(taskId)) return;
      this.#options.health.durably(() => this.#options.store.delete(taskId));
      this.#runs.delete(taskId);
      this.#options.events.forget(taskId);
      this.#options.givenUp.forgive(run);
      this.#options.onDeleted(run.record);
      rmSync(spoolOf(this.#options.dataDirectory, taskId), { recursive: true, force: true });
    });
  }

  /**
   * @param also is written with it, or not at all.
   * @throws TributaryError DATABASE_UNWRITABLE, and then nothing has changed.
   */
  change(run: TaskRun, change: TaskChange, also: () => void = () => {}): void {
    this.#changes.wish(run, change, also);
  }

  #act(taskId: string, action: TaskAction, effect: (run: TaskRun) => void): TaskRun {
    const run = this.run(taskId);
    if (mayAct(run, action)) effect(run);
    return run;
  }

  /** Runs the checks of a start; their effect is dropped when another action came in between. */
  #check(run: TaskRun): void {
    checkTask(run, this.#options, this.#now(), (verdict) => {
      if (this.#closing) return;
      if (verdict.failure !== null) this.#fail(run, verdict.failure);
      else {
        const { confirmed } = verdict;
        this.#changes.happened(run, { prechecked: true, confirmed });
        if (confirmed !== null && !run.began) this.say(run, "start-confirmed", confirmationText(confirmed));
      }
      void this.#reconcile(run);
    });
  }

  /** Starts and stops shard syncs until they are what the record wants. */
  #reconcile(run: TaskRun): Promise<void> {
    return run.serially(async () => {
      if (this.#closing || !this.#runs.has(run.record.id)) return;
      if (run.shouldRun) this.#startShards(run);
      else await Promise.all(run.shards.filter((shard) => shard.running).map((s) => this.#stop(run, s)));
    });
  }

  tell(command: ShardCommand): void {
    this.#runner.tell(command);
  }

  /** Has a shard copied again. One that has ended by itself is started first, and hears it once it runs. */
  resync(run: TaskRun, shard: ShardRun): void {
    if (shard.running && shard.fresh) return this.#tellResync(shard, run.record.id);
    shard.resyncWanted = true;
    if (!shard.running) this.#startShards(run, [shard]);
  }

  #tellResync(shard: ShardRun, taskId: string): void {
    shard.resyncWanted = false;
    this.#runner.tell({ type: "resync", taskId, shardId: shard.record.id });
  }

  #startShards(run: TaskRun, shards = run.shards): void {
    const { box, dataDirectory } = this.#options;
    try {
      const spoolQuotaBytes = this.#options.spoolQuotaBytes();
      const idle = shards.filter((shard) => !shard.running && shard.givenUp === null);
      const options = { box, dataDirectory, spoolQuotaBytes };
      const specs = idle.map((shard) => specOf(run.record, shard, options));
      idle.forEach((shard, index) => {
        shard.begin(this.#now());
        this.#runner.start(specs[index]!);
      });
    } catch (error) {
      this.#fail(run, toReason(error));
    }
  }

  async #stop(run: TaskRun, shard: ShardRun): Promise<void> {
    if (await stopShard(run, shard, this.#runner)) return;
    const message = `Shard ${shard.record.name} did not confirm that all it had received was applied: verify the data.`;
    this.say(run, "cutover-unconfirmed", message, "alert", shard.record.id);
  }

  /** The engine ended during a cutover. To go on would be to write after it: it is finished, and said. */
  #cutoverBroken(run: TaskRun): void {
    const message =
      "The engine ended during the cutover: what had been received may not all be applied. Verify the data.";
    this.#changes.happened(run, { cuttingOver: false });
    this.say(run, "cutover-unconfirmed", message, "alert");
  }

  #fail(run: TaskRun, reason: PlainReason): void {
    this.#changes.happened(run, { failure: reason, since: this.#now() });
    this.say(run, "task-failed", `${reason.message} ${reason.remedy}`, "alert");
  }

  #adopt(record: TaskRecord): TaskRun {
    const run = takeUp(record, this.#options.store);
    this.#options.givenUp.recall(run);
    this.#runs.set(record.id, run);
    return run;
  }

  #onReport(report: ShardReport): void {
    const shard = this.#shard(report.taskId, report.shardId);
    if (shard === undefined || !shard.running) return;
    takeReport(shard, report, this.#options);
    if (!shard.resyncWanted) return;
    // An initial sync that has begun by itself copies it whole.
    if (report.status === "initial-sync" || report.status === "held") shard.resyncWanted = false;
    else if (report.status === "synchronizing") this.#tellResync(shard, report.taskId);
  }

  #onWorkerDied(taskId: string, shardId: string, reason: PlainReason, givenUp: boolean): void {
    const run = this.#runs.get(taskId);
    const shard = this.#shard(taskId, shardId);
    if (run === undefined || shard === undefined) return;
    if (givenUp) this.#options.givenUp.add(taskId, shard, reason);
    else shard.die(reason, this.#now());
    const [type, message, level] = givenUp
      ? (["worker-given-up", `${reason.message} ${reason.remedy}`, "alert"] as const)
      : (["worker-died", reason.message, "warning"] as const);
    this.say(run, type, message, level, shardId);
  }

  #shard(taskId: string, shardId: string): ShardRun | undefined {
    return this.#runs.get(taskId)?.shards.find((shard) => shard.record.id === shardId);
  }

  say(
    run: TaskRun,
    type: string,
    message: string,
    level: "info" | "warning" | "alert" = "info",
    shardId: string | null = null,
  ): void {
    this.#options.events.add({ taskId: run.record.id, shardId, at: this.#now(), level, type, message });
  }
}
