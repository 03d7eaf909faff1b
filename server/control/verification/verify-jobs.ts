import { TributaryError } from "../../errors/tributary-error.ts";
import type { PaceLimits } from "../../verify/pace.ts";
import type { VerifyProgress } from "../../verify/verification.ts";
import type { VerifyDepth } from "../../verify/verify-spec.ts";
import type { SecretBox } from "../secrets/secret-box.ts";
import type { StorageHealth } from "../storage/storage-health.ts";
import type { TaskRecord } from "../tasks/task-record.ts";
import type { VerificationRow, VerificationStore, VerifyOrder } from "./verification-store.ts";
import { keyOfPlain, type PlainRange, type VerifyCommand, type VerifyMessage } from "./verify-protocol.ts";
import { verifySpecOf } from "./verify-spec-of.ts";
import { VerifyThread } from "./verify-thread.ts";

/** Differences that are kept in the database for each run. */
const LISTED = 1000;

export type VerifyView = {
  /** Of the run that is under way; null where none is. */
  readonly running: (VerifyProgress & { readonly depth: VerifyDepth; readonly paused: boolean }) | null;
  /** Newest first. */
  readonly runs: readonly VerificationRow[];
};

type Job = {
  readonly thread: VerifyThread;
  order: VerifyOrder;
  progress: VerifyProgress;
  paused: boolean;
};

export type VerifyJobsOptions = {
  readonly store: VerificationStore;
  readonly health: StorageHealth;
  readonly box: SecretBox;
  readonly dataDirectory: string;
  readonly now: () => number;
  /** A run has ended. */
  readonly onEnded: (taskId: string, row: Omit<VerificationRow, "id">) => void;
  readonly onFailure: (error: unknown) => void;
};

/** The verifications of tasks: one of each at a time, each in a thread of its own. */
export class VerifyJobs {
  readonly #options: VerifyJobsOptions;
  readonly #running = new Map<string, Job>();
  #closing = false;

  constructor(options: VerifyJobsOptions) {
    this.#options = options;
  }

  /** @throws TributaryError VERIFY_RUNNING, SHARD_UNKNOWN, SECRET_WRONG */
  start(task: TaskRecord, order: VerifyOrder): VerifyView {
    const { store, health, now } = this.#options;
    if (this.#running.has(task.id)) throw new TributaryError("VERIFY_RUNNING", { task: task.name });
    const command = this.#commandOf(task, order);
    const startedAt = now();
    health.durably(() => store.begun(task.id, order, startedAt));
    const progress: VerifyProgress = {
      ...{ phase: "connecting", done: 0, total: 0, compared: 0, bytes: 0, differences: 0, suspects: 0 },
      startedAt,
    };
    const thread = new VerifyThread(command, (message) => this.#heard(task.id, startedAt, message));
    this.#running.set(task.id, { thread, order, progress, paused: false });
    return this.view(task.id);
  }

  /** Those that a restart has broken off are run again: which keys had been met before is not known any more. */
  begin(taskOf: (taskId: string) => TaskRecord): void {
    for (const { taskId, order, paused } of this.#options.store.open()) {
      try {
        this.start(taskOf(taskId), order);
        if (paused) this.pause(taskId, true);
      } catch (error) {
        this.#options.onFailure(error);
      }
    }
  }

  /** It ends in a moment, without a verdict; nothing where none runs. */
  cancel(taskId: string): VerifyView {
    this.#running.get(taskId)?.thread.send({ type: "cancel" });
    return this.view(taskId);
  }

  pause(taskId: string, paused: boolean): VerifyView {
    const job = this.#running.get(taskId);
    job?.thread.send({ type: paused ? "pause" : "resume" });
    if (job !== undefined) {
      job.paused = paused;
      this.#options.store.changed(taskId, { paused });
    }
    return this.view(taskId);
  }

  /** Other limits for the run that is under way. */
  setPace(taskId: string, order: Pick<VerifyOrder, "keysPerSecond" | "bytesPerSecond">): VerifyView {
    const job = this.#running.get(taskId);
    if (job !== undefined) {
      job.thread.send({ type: "pace", pace: paceOf(order) });
      job.order = { ...job.order, ...order };
      this.#options.store.changed(taskId, { order: job.order });
    }
    return this.view(taskId);
  }

  view(taskId: string): VerifyView {
    const job = this.#running.get(taskId);
    return {
      running: job === undefined ? null : { ...job.progress, depth: job.order.depth, paused: job.paused },
      runs: this.#options.store.list(taskId),
    };
  }

  /** Cancels that of a task which is about to be deleted, and resolves when its thread has ended. */
  async end(taskId: string): Promise<void> {
    const thread = this.#running.get(taskId)?.thread;
    thread?.send({ type: "cancel" });
    await thread?.ended;
  }

  /** Ends all threads; the verifications are run again at the next start. */
  async close(): Promise<void> {
    this.#closing = true;
    const jobs = [...this.#running.values()];
    for (const { thread } of jobs) thread.send({ type: "cancel" });
    await Promise.all(jobs.map(({ thread }) => thread.ended));
  }

  #commandOf(task: TaskRecord, order: VerifyOrder): Extract<VerifyCommand, { type: "run" }> {
    const shard = order.shardId === null ? null : task.shards.findIndex(({ id }) => id === order.shardId);
    if (shard === -1)
      throw new TributaryError("SHARD_UNKNOWN", { task: task.name, shard: order.shardId ?? "" });
    const range: PlainRange = { sample: order.sample, prefix: order.prefix, shard };
    return {
      type: "run",
      pace: paceOf(order),
      listed: LISTED,
      spec: {
        ...verifySpecOf(task, this.#options),
        depth: order.depth,
        range,
        replicas: order.replicas ?? false,
      },
    };
  }

  #heard(taskId: string, startedAt: number, message: VerifyMessage): void {
    const { store, now, onEnded, onFailure } = this.#options;
    const job = this.#running.get(taskId);
    if (message.type === "progress" && job !== undefined) job.progress = message.progress;
    if (message.type !== "verdict" && message.type !== "failed") return;
    this.#running.delete(taskId);
    if (this.#closing) return;
    const verdict = message.type === "verdict" ? message.verdict : null;
    const reason = message.type === "failed" ? message.reason : null;
    const canceled = message.type === "failed" && message.canceled;
    const row: Omit<VerificationRow, "id"> = {
      startedAt,
      finishedAt: now(),
      outcome: verdict?.outcome ?? (canceled ? "canceled" : "failed"),
      sentence: verdict?.sentence ?? (canceled ? "It was canceled." : reason!.message),
      compared: verdict?.compared ?? job?.progress.compared ?? 0,
      differences: verdict?.differences ?? job?.progress.differences ?? 0,
    };
    try {
      store.ended(taskId);
      const named = message.type === "verdict" ? message.named : [];
      store.add(taskId, { ...row, verdict, reason }, named.map(keyOfPlain));
      onEnded(taskId, row);
    } catch (error) {
      // Its task may have been deleted meanwhile.
      onFailure(error);
    }
  }
}

function paceOf({
  keysPerSecond,
  bytesPerSecond,
}: Pick<VerifyOrder, "keysPerSecond" | "bytesPerSecond">): PaceLimits {
  return {
    keysPerSecond: keysPerSecond ?? Number.POSITIVE_INFINITY,
    bytesPerSecond: bytesPerSecond ?? Number.POSITIVE_INFINITY,
  };
}
