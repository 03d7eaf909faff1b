import { TributaryError } from "../../errors/tributary-error.ts";
import type { HoldDecision } from "../../sync/report/shard-report.ts";
import type { StorageHealth } from "../storage/storage-health.ts";
import { type Actor, byWhom } from "../tasks/actor.ts";
import type { ShardRun } from "../tasks/shard-run.ts";
import { mayAct } from "../tasks/task-rules.ts";
import type { TaskRun } from "../tasks/task-run.ts";
import type { TaskStore } from "../tasks/task-store.ts";
import type { Supervisor } from "./supervisor.ts";

export type ShardWishesOptions = {
  readonly supervisor: Supervisor;
  readonly store: TaskStore;
  readonly health: StorageHealth;
  readonly now: () => number;
};

/** What users ask of shards that run; each is an event with the name of who asked. */
export class ShardWishes {
  readonly #options: ShardWishesOptions;

  constructor(options: ShardWishesOptions) {
    this.#options = options;
  }

  /**
   * What is done about a shard that is held.
   * @throws TributaryError TASK_UNKNOWN, SHARD_UNKNOWN, SHARD_NOT_READY
   */
  decide(taskId: string, shardId: string, decision: HoldDecision, actor: Actor): void {
    const { run, shard } = this.#find(taskId, shardId);
    const held = shard.running && shard.fresh ? (shard.facts?.held ?? null) : null;
    if (held === null) throw notReady(run, shard, "be decided on", "it waits for no decision");
    this.#options.supervisor.tell({ type: "decide", taskId, shardId, decision });
    const keys = `${held.wouldRemove} of ${held.of} keys`;
    const what =
      decision === "follow" ? `Follow the shard: ${keys} are removed` : `Keep the copy: ${keys} stay`;
    const type = decision === "follow" ? "held-followed" : "held-kept";
    this.#say(run, shard, type, `${what}. Decided ${byWhom(actor)}.`, "warning");
  }

  /**
   * Copies a shard again, or with null every shard of the task.
   * @throws TributaryError TASK_UNKNOWN, SHARD_UNKNOWN, TASK_NOT_READY, TASK_FINISHED
   */
  resync(taskId: string, shardId: string | null, actor: Actor): void {
    const run = this.#options.supervisor.run(taskId);
    const shards = shardId === null ? run.shards : [this.#find(taskId, shardId).shard];
    mayAct(run, "resync");
    for (const shard of shards) {
      this.#options.supervisor.resync(run, shard);
      this.#say(run, shard, "resync-asked", `The shard is synchronized again, asked ${byWhom(actor)}.`);
    }
  }

  /**
   * Takes note that the destination differs from the shard: it is no longer shown as a state, but stays known.
   * @throws TributaryError TASK_UNKNOWN, SHARD_UNKNOWN, SHARD_NOT_READY, DATABASE_UNWRITABLE
   */
  acknowledge(taskId: string, shardId: string, reason: string, actor: Actor): void {
    const { run, shard } = this.#find(taskId, shardId);
    const differs = shard.facts?.differs ?? null;
    if (differs === null) throw notReady(run, shard, "be acknowledged", "nothing is known to differ");
    if (!shard.running) throw notReady(run, shard, "be acknowledged", "it does not run");
    const { store, health, supervisor, now } = this.#options;
    const acknowledged = { ...actor, at: now(), reason: reason.trim(), differs };
    health.durably(() => store.acknowledge(taskId, shardId, acknowledged));
    shard.acknowledged = acknowledged;
    supervisor.tell({ type: "acknowledge", taskId, shardId });
    const causes = differs.causes.map(({ code, count }) => `${code} (${count})`).join(", ");
    const why = acknowledged.reason === "" ? "" : ` Reason: ${acknowledged.reason}`;
    const message = `The difference by ${causes} was acknowledged ${byWhom(actor)}.${why}`;
    this.#say(run, shard, "difference-acknowledged", message);
  }

  #find(taskId: string, shardId: string): { run: TaskRun; shard: ShardRun } {
    const run = this.#options.supervisor.run(taskId);
    const shard = run.shards.find(({ record }) => record.id === shardId);
    if (shard === undefined)
      throw new TributaryError("SHARD_UNKNOWN", { task: run.record.name, shard: shardId });
    return { run, shard };
  }

  #say(
    run: TaskRun,
    shard: ShardRun,
    type: string,
    message: string,
    level: "info" | "warning" = "info",
  ): void {
    this.#options.supervisor.say(run, type, message, level, shard.record.id);
  }
}

function notReady(run: TaskRun, shard: ShardRun, action: string, detail: string): TributaryError {
  const { name } = shard.record;
  return new TributaryError("SHARD_NOT_READY", { shard: name, task: run.record.name, action, detail });
}
