import { TributaryError } from "../../errors/tributary-error.ts";
import type { PaceLimits } from "../../verify/pace.ts";
import type { VerdictJson } from "../../verify/verdict-text.ts";
import type { VerifyProgress } from "../../verify/verification.ts";
import type { SecretBox } from "../secrets/secret-box.ts";
import type { StorageHealth } from "../storage/storage-health.ts";
import { RateWindow } from "../tasks/rate-window.ts";
import type { TaskRecord } from "../tasks/task-record.ts";
import type { VerificationRow, VerificationStore, VerifyBasis, VerifyOrigin } from "./verification-store.ts";
import type { VerifyOrder, VerifyPace, VerifyScope } from "./verify-order.ts";
import { keyOfPlain, type PlainRange, type VerifyCommand, type VerifyMessage } from "./verify-protocol.ts";
import { verifySpecOf } from "./verify-spec-of.ts";
import { VerifyThread } from "./verify-thread.ts";

/** Differences that are kept in the database for each run, and as many of what is said apart. */
const LISTED = 10_000;
/** Runs that are shown live. */
const SHOWN = 10;
/** ms over which the rate is taken. */
const RATE_MS = 10_000;

/** A run that is under way. */
export type RunningView = VerifyProgress &
  VerifyOrder & {
    readonly paused: boolean;
    readonly origin: VerifyOrigin;
    /** Over the last seconds; null until that is known. */
    readonly keysReadPerSecond: number | null;
    readonly bytesReadPerSecond: number | null;
    /** Until the shards and the destination have been scanned; null while unknown. */
    readonly secondsLeft: number | null;
  };

export type VerifyView = {
  /** Of the run that is under way; null where none is. */
  readonly running: RunningView | null;
  /** The last ten, newest first. */
  readonly runs: readonly VerificationRow[];
};

type Job = {
  readonly thread: VerifyThread;
  readonly origin: VerifyOrigin;
  readonly basis: VerifyBasis | null;
  readonly rates: RateWindow;
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
  /** What a verdict of the task rests on now. */
  readonly basisOf: (taskId: string) => VerifyBasis | null;
  /** A run has ended. */
  readonly onEnded: (taskId: string, row: Omit<VerificationRow, "id">) => void;
  /** It has come to a verdict. */
  readonly onVerdict: (taskId: string, verdict: VerdictJson) => void;
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
  start(task: TaskRecord, order: VerifyOrder, origin: VerifyOrigin = "user"): VerifyView {
    const { store, health, now, basisOf } = this.#options;
    if (this.isRunning(task.id)) throw new TributaryError("VERIFY_RUNNING", { task: task.name });
    const command = this.#commandOf(task, order);
    const startedAt = now();
    health.durably(() => store.begun(task.id, { ...order, origin }, startedAt));
    const progress: VerifyProgress = {
      ...{ phase: "connecting", done: 0, total: 0, compared: 0, bytes: 0, differences: 0, suspects: 0 },
      startedAt,
    };
    const [basis, rates] = [basisOf(task.id), new RateWindow(RATE_MS)];
    const thread = new VerifyThread(command, (message) => this.#heard(task.id, startedAt, message));
    this.#running.set(task.id, { thread, origin, basis, rates, order, progress, paused: false });
    return this.view(task.id);
  }

  isRunning(taskId: string): boolean {
    return this.#running.has(taskId);
  }

  /** Those that a restart has broken off are run again: which keys had been met before is not known any more. */
  begin(taskOf: (taskId: string) => TaskRecord): void {
    for (const { taskId, order: begun, paused } of this.#options.store.open()) {
      const { origin, ...order } = begun;
      try {
        this.start(taskOf(taskId), order, origin);
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
      job.rates.clear();
      this.#options.store.changed(taskId, { paused });
    }
    return this.view(taskId);
  }

  /** Other limits for the run that is under way. */
  setPace(taskId: string, pace: VerifyPace): VerifyView {
    const job = this.#running.get(taskId);
    if (job !== undefined) {
      job.thread.send({ type: "pace", pace: paceOf(pace) });
      job.order = { ...job.order, ...pace };
      job.rates.clear();
      this.#options.store.changed(taskId, { order: { ...job.order, origin: job.origin } });
    }
    return this.view(taskId);
  }

  view(taskId: string): VerifyView {
    const job = this.#running.get(taskId);
    return {
      running: job === undefined ? null : runningView(job),
      runs: this.#options.store.list(taskId, SHOWN),
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

  #progressed(job: Job, progress: VerifyProgress): void {
    job.progress = progress;
    const { bytes, done: keys } = progress;
    if (!job.paused) job.rates.add(this.#options.now(), { keys, bytes, commands: null, rdbBytes: null });
  }

  #heard(taskId: string, startedAt: number, message: VerifyMessage): void {
    const { store, now, onEnded, onVerdict, onFailure } = this.#options;
    const job = this.#running.get(taskId);
    if (job === undefined) return;
    if (message.type === "progress") this.#progressed(job, message.progress);
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
      sentence: verdict?.sentence ?? (canceled ? "The verification was canceled." : reason!.message),
      compared: verdict?.compared ?? job.progress.compared,
      differences: verdict?.differences ?? job.progress.differences,
      bytes: job.progress.bytes,
      depth: job.order.depth,
      scope: scopeOf(job.order),
      origin: job.origin,
    };
    try {
      store.ended(taskId);
      const named = message.type === "verdict" ? message.named : [];
      store.add(taskId, { ...row, basis: job.basis, verdict, reason }, named.map(keyOfPlain));
      onEnded(taskId, row);
      if (verdict !== null) onVerdict(taskId, verdict);
    } catch (error) {
      // Its task may have been deleted meanwhile.
      onFailure(error);
    }
  }
}

function runningView({ progress, order, paused, origin, rates }: Job): RunningView {
  const keysReadPerSecond = rates.rate("keys");
  const left = progress.total - progress.done;
  const scanning = progress.phase === "forward" || progress.phase === "backward";
  return {
    ...progress,
    ...order,
    paused,
    origin,
    keysReadPerSecond,
    bytesReadPerSecond: rates.rate("bytes"),
    secondsLeft: scanning && keysReadPerSecond && left >= 0 ? left / keysReadPerSecond : null,
  };
}

function scopeOf({ sample, prefix, shardId }: VerifyOrder): VerifyScope {
  return { sample, prefix, shardId };
}

function paceOf({ keysPerSecond, bytesPerSecond }: VerifyPace): PaceLimits {
  return {
    keysPerSecond: keysPerSecond ?? Number.POSITIVE_INFINITY,
    bytesPerSecond: bytesPerSecond ?? Number.POSITIVE_INFINITY,
  };
}
