import { type PlainReason, reasonOf } from "../../errors/tributary-error.ts";
import type { ShardStatus } from "../../sync/report/shard-report.ts";
import { type CutoverStep, isAtRest } from "./cutover-state.ts";
import type { ShardRun } from "./shard-run.ts";
import type { TaskRecord } from "./task-record.ts";
import { worstOf } from "./task-status.ts";

export type State = {
  readonly status: ShardStatus;
  readonly reason: PlainReason | null;
  /** ms since the epoch. */
  readonly since: number;
};

/** One value every 10 s over 10 minutes. */
const sparklineLength = 60;

/** One task as it is now: what is wanted of it, and what its shards do. */
export class TaskRun {
  record: TaskRecord;
  shards: readonly ShardRun[];
  /** Set while the checks of a start are under way; a later action takes it away, and with it their effect. */
  checking: { readonly since: number } | null = null;
  lagSparkline: readonly (number | null)[] = [];
  /** Where its cutover is; null where none is under way. */
  cutover: CutoverStep | null = null;
  #last: Promise<void> = Promise.resolve();

  constructor(record: TaskRecord, shards: readonly ShardRun[]) {
    this.record = record;
    this.shards = shards;
  }

  /** Runs `step` after all steps before it: a task's starts and stops never overlap. */
  serially(step: () => Promise<void>): Promise<void> {
    const done = this.#last.then(step);
    this.#last = done.catch(() => {});
    return done;
  }

  get running(): boolean {
    return this.shards.some((shard) => shard.running);
  }

  /** It has written to its destination: what lies there may be its own. */
  get began(): boolean {
    return this.shards.some(({ hasCheckpoint, facts }) => hasCheckpoint || facts?.initialSync != null);
  }

  /** What the user wants to run and what nothing stands against. */
  get shouldRun(): boolean {
    return this.record.wanted === "running" && this.record.failure === null && this.record.prechecked;
  }

  /** For its cutover: nothing may start it but a way back there. */
  get atRest(): boolean {
    return this.cutover !== null && isAtRest(this.cutover);
  }

  state(): State {
    return worstOf(this.shards.map((shard) => this.stateOf(shard)));
  }

  stateOf(shard: ShardRun): State {
    const { wanted, failure, since } = this.record;
    if (failure !== null) return { status: "failed", reason: failure, since };
    if (wanted === "created") return { status: "pending", reason: null, since };
    if (wanted === "finished" && !this.record.cuttingOver) return { status: "finished", reason: null, since };
    if (this.checking !== null) return { status: "prechecking", reason: null, since: this.checking.since };
    if (wanted === "paused" && !shard.running) return { status: "paused", reason: null, since };
    if (shard.givenUp !== null)
      return { status: "failed", reason: shard.givenUp, since: shard.startedAt || since };
    if (shard.died !== null) {
      return { status: "retrying", reason: shard.died.reason, since: shard.died.at };
    }
    if (shard.ended && shard.facts?.status !== "failed") {
      const detail = `the synchronization of shard ${shard.record.name} ended without a reason`;
      return { status: "failed", reason: reasonOf("INTERNAL", { detail }), since: shard.startedAt };
    }
    if (shard.fresh && shard.facts !== null) {
      const { status, reason, since: began } = shard.facts;
      return { status, reason, since: began };
    }
    if (shard.running) return { status: "connecting", reason: null, since: shard.startedAt };
    return { status: "pending", reason: null, since };
  }

  /** What task-rules.ts looks at. */
  ruleFacts() {
    const { wanted, cuttingOver, failure } = this.record;
    return {
      ...{ wanted, cuttingOver, running: this.running, status: this.state().status },
      failed: failure !== null,
      checking: this.checking !== null,
      ended: this.shards.some((shard) => shard.ended),
      cutover: this.atRest
        ? ("at rest" as const)
        : this.cutover !== null
          ? ("under way" as const)
          : ("none" as const),
    };
  }

  addToSparkline(seconds: number | null): void {
    this.lagSparkline = [...this.lagSparkline, seconds].slice(-sparklineLength);
  }
}
