import type { SecretBox } from "../secrets/secret-box.ts";
import type { StorageHealth } from "../storage/storage-health.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import type { Actor } from "../tasks/actor.ts";
import { type CutoverRecord, type CutoverState, type CutoverStep, isOver } from "../tasks/cutover-state.ts";
import type { TaskChange } from "../tasks/task-record.ts";
import type { TaskRun } from "../tasks/task-run.ts";
import type { VerificationStore } from "../verification/verification-store.ts";
import type { VerifyJobs } from "../verification/verify-jobs.ts";
import { isWhole } from "../verification/verify-order.ts";
import { type CutoverBounds, type Gate, type GateFacts, gatesOf } from "./cutover-gates.ts";
import type { CutoverChange, CutoverStore } from "./cutover-store.ts";
import type { ShardsAt } from "./held-writes.ts";
import { LateWrites } from "./late-writes.ts";
import type { MigrationReport } from "./migration-report.ts";
import { ShardWatch } from "./shard-watch.ts";

/** Notes that are kept of one cutover. */
const MOST_NOTES = 500;

export type CutoverContext = {
  readonly supervisor: Supervisor;
  readonly store: CutoverStore;
  readonly verifyJobs: VerifyJobs;
  readonly verifications: VerificationStore;
  /** Keys of the task are being repaired, or wait for it. */
  readonly repairing: (taskId: string) => boolean;
  readonly health: StorageHealth;
  readonly box: SecretBox;
  readonly dataDirectory: string;
  readonly bounds: CutoverBounds;
  readonly report: (run: TaskRun) => MigrationReport;
  readonly now: () => number;
};

/** One cutover: what is written down of it, and what its gates measure. */
export class LedCutover {
  record: CutoverRecord;
  /** Why what goes on by itself has failed; null while it has not. */
  problem: string | null = null;
  /** What goes on by itself at the step is under way. */
  busy = false;
  /** That is not begun again before this, ms since the epoch. */
  againAt = 0;
  /** When this process took it up, ms since the epoch. */
  readonly ledSince: number;
  readonly #context: CutoverContext;
  readonly #watches = new Map<string, ShardWatch>();
  /** Made when the switch is watched, and again after a way back. */
  #late: LateWrites | null = null;

  constructor(record: CutoverRecord, context: CutoverContext) {
    this.record = record;
    this.#context = context;
    this.ledSince = context.now();
  }

  get state(): CutoverState {
    return this.record.state;
  }

  get step(): CutoverStep {
    return this.record.state.step;
  }

  get over(): boolean {
    return isOver(this.step);
  }

  /** Tells the task's run where it is. */
  recall(run: TaskRun): void {
    run.cutover = this.over ? null : this.step;
  }

  gates(run: TaskRun): Gate[] {
    return gatesOf(this.state, this.#facts(run));
  }

  /** Watches what tells for how long something has been so: also while nobody asks. */
  watch(run: TaskRun): void {
    if (this.step !== "switch") {
      this.#late = null;
      this.#looks(run);
      return;
    }
    this.#late ??= new LateWrites(this.#context.now);
    this.#late.watch(this.shardsAt(run));
  }

  /**
   * @param what a sentence without its end. @param who null for what happens by itself.
   * @throws TributaryError DATABASE_UNWRITABLE, and then nothing has changed.
   */
  write(change: Omit<CutoverChange, "notes">, what: string, who: Actor | null): void {
    const all = this.#noted(change, what, who);
    this.#context.health.durably(() => this.#context.store.update(this.record.id, all));
    this.#adopt(all);
  }

  /** As `write`, together with a change of the task: both, or none. */
  writeWith(run: TaskRun, task: TaskChange, state: CutoverState, what: string, who: Actor | null): void {
    const all = this.#noted({ state }, what, who);
    const { supervisor, store } = this.#context;
    supervisor.change(run, task, () => store.update(this.record.id, all));
    this.#adopt(all);
    this.recall(run);
  }

  /** What it has come to, as it is kept. */
  keepReport(report: MigrationReport): void {
    this.#context.health.durably(() => this.#context.store.update(this.record.id, { report }));
  }

  shardsAt(run: TaskRun): ShardsAt {
    return { taskId: run.record.id, shards: run.shards, box: this.#context.box };
  }

  #noted(change: Omit<CutoverChange, "notes">, what: string, who: Actor | null): CutoverChange {
    const note = { at: this.#context.now(), step: this.step, what, who };
    return { ...change, notes: [...this.record.notes, note].slice(-MOST_NOTES) };
  }

  #adopt({ report: _, ...change }: CutoverChange): void {
    if (change.state !== undefined && change.state.step !== this.step) {
      this.againAt = 0;
      this.problem = null;
    }
    this.record = { ...this.record, ...change };
  }

  #looks(run: TaskRun): GateFacts["shards"] {
    const { bounds, now } = this.#context;
    const at = now();
    return run.shards.map((shard) => {
      const { id } = shard.record;
      const watch = this.#watches.get(id) ?? new ShardWatch(at, bounds.lagSeconds);
      this.#watches.set(id, watch);
      return watch.look(run, shard, at);
    });
  }

  #facts(run: TaskRun): GateFacts {
    const { bounds, verifyJobs, repairing, now } = this.#context;
    const { id } = run.record;
    const { running, runs } = verifyJobs.view(id);
    return {
      now: now(),
      bounds,
      shards: this.#looks(run),
      verifications: runs.map((row) => ({ ...row, whole: isWhole(row.scope) })),
      verifying: running !== null,
      repairing: repairing(id),
      late: this.#late?.looks(run.shards) ?? null,
      overrides: this.record.overrides,
    };
  }
}
