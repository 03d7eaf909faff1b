import { availableParallelism } from "node:os";
import { reasonOf } from "../errors/tributary-error.ts";
import type { StopOptions } from "../sync/destination-side.ts";
import type { ShardSyncSpec } from "../sync/shard-sync-spec.ts";
import { type EngineMessage, type ShardCommand, shardKey } from "./engine-protocol.ts";
import { EngineThread, type EngineThreadOptions } from "./engine-thread.ts";
import type { ShardRunner, ShardRunnerListener } from "./shard-runner.ts";

type Placement = {
  /** As it is to be started again if its thread dies. */
  spec: ShardSyncSpec;
  readonly slot: Slot;
  /** Set while a stop is under way. */
  stopping: {
    readonly done: Promise<{ drained: boolean }>;
    readonly settle: (drained: boolean) => void;
  } | null;
};
type Slot = {
  thread: EngineThread | null;
  readonly placements: Map<string, Placement>;
  deaths: number;
  bornAt: number;
  respawn: NodeJS.Timeout | null;
};

export type WorkerPoolOptions = ShardRunnerListener & {
  /** Threads at most; the default is one for each core, 1 to 4. They are started when they are needed. */
  readonly size?: number;
  /** The worker's entry; given by tests. */
  readonly entry?: URL;
  /** ms that a stop may take before its thread is ended by force; 8000 when not given. */
  readonly stopTimeoutMs?: number;
  readonly now?: () => number;
};

/** ms: a cutover restores every shaded expiry before it lets go, and looks at all keys for that. */
const FINISH_TIMEOUT_MS = 120_000;

/**
 * Shard syncs in worker threads, each placed on the thread that has the fewest. A thread that dies is started
 * again, after a pause that grows with each death, and given its shard syncs back.
 */
export class WorkerPool implements ShardRunner {
  readonly #slots: Slot[];
  readonly #options: WorkerPoolOptions;
  readonly #now: () => number;
  readonly #stopTimeoutMs: number;
  #closed = false;

  constructor(options: WorkerPoolOptions) {
    const size = options.size ?? Math.min(4, Math.max(1, availableParallelism()));
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#stopTimeoutMs = options.stopTimeoutMs ?? 8_000;
    this.#slots = Array.from({ length: size }, () => ({
      thread: null,
      placements: new Map(),
      deaths: 0,
      bornAt: 0,
      respawn: null,
    }));
  }

  start(spec: ShardSyncSpec): void {
    if (this.#closed) throw new Error("the worker pool is closed");
    const key = shardKey(spec.taskId, spec.shardId);
    const present = this.#find(key);
    if (present?.stopping) {
      void present.stopping.done.then(() => {
        if (!this.#closed) this.start(spec);
      });
      return;
    }
    if (present !== null) return;
    const slot = this.#slots.reduce((least, candidate) =>
      candidate.placements.size < least.placements.size ? candidate : least,
    );
    slot.placements.set(key, { spec, slot, stopping: null });
    if (slot.thread !== null) slot.thread.send({ type: "start", spec });
    else if (slot.respawn === null) this.#spawn(slot);
  }

  stop(taskId: string, shardId: string, options: StopOptions): Promise<{ drained: boolean }> {
    const key = shardKey(taskId, shardId);
    const placement = this.#find(key);
    if (placement === null) return Promise.resolve({ drained: true });
    if (placement.stopping !== null) return placement.stopping.done;
    const { slot } = placement;
    if (slot.thread === null) {
      slot.placements.delete(key);
      return Promise.resolve({ drained: false });
    }
    let settle: (drained: boolean) => void = () => {};
    const done = new Promise<{ drained: boolean }>((resolve) => {
      // What does not answer might still write: only the end of its thread makes sure that it does not.
      const timer = setTimeout(
        () => void slot.thread?.kill("a shard sync did not stop"),
        options.forgetCheckpoint || options.patient === true ? FINISH_TIMEOUT_MS : this.#stopTimeoutMs,
      );
      settle = (drained) => {
        clearTimeout(timer);
        slot.placements.delete(key);
        resolve({ drained });
      };
    });
    placement.stopping = { done, settle };
    slot.thread.send({ type: "stop", taskId, shardId, ...options });
    return done;
  }

  tell(command: ShardCommand): void {
    this.#find(shardKey(command.taskId, command.shardId))?.slot.thread?.send(command);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(
      this.#slots.map(async (slot) => {
        if (slot.respawn !== null) clearTimeout(slot.respawn);
        await slot.thread?.shutdown(this.#stopTimeoutMs);
      }),
    );
  }

  #find(key: string): Placement | null {
    for (const slot of this.#slots) {
      const placement = slot.placements.get(key);
      if (placement !== undefined) return placement;
    }
    return null;
  }

  #spawn(slot: Slot): void {
    slot.respawn = null;
    slot.bornAt = this.#now();
    const options: EngineThreadOptions = {
      onMessage: (message) => this.#onMessage(slot, message),
      onDeath: (detail) => this.#onDeath(slot, detail),
    };
    slot.thread = new EngineThread(
      this.#options.entry ? { ...options, entry: this.#options.entry } : options,
    );
    for (const { spec } of slot.placements.values()) slot.thread.send({ type: "start", spec });
  }

  #onMessage(slot: Slot, message: EngineMessage): void {
    if (message.type === "report") {
      const { taskId, shardId, checkpoint } = message.report;
      const placement = slot.placements.get(shardKey(taskId, shardId));
      if (placement !== undefined && checkpoint !== null && !placement.spec.expectCheckpoint)
        placement.spec = { ...placement.spec, expectCheckpoint: true };
      const { initialSyncs } = message.report;
      if (placement !== undefined && initialSyncs !== placement.spec.initialSyncsBefore)
        placement.spec = { ...placement.spec, initialSyncsBefore: initialSyncs };
      this.#options.onReport(message.report);
    }
    if (message.type !== "stopped") return;
    const { taskId, shardId } = message;
    const key = shardKey(taskId, shardId);
    const placement = slot.placements.get(key);
    if (placement === undefined) return;
    if (placement.stopping !== null) {
      placement.stopping.settle(true);
      return;
    }
    slot.placements.delete(key);
    this.#options.onEnded(taskId, shardId);
  }

  #onDeath(slot: Slot, detail: string): void {
    slot.thread = null;
    if (this.#closed) return;
    for (const { spec, stopping } of [...slot.placements.values()]) {
      if (stopping !== null) stopping.settle(false);
      else {
        const reason = reasonOf("WORKER_DIED", { role: `shard ${spec.shardName}`, detail });
        this.#options.onWorkerDied(spec.taskId, spec.shardId, reason);
      }
    }
    if (slot.placements.size === 0) return;
    // A thread that lived for a minute has earned a quick return.
    slot.deaths = this.#now() - slot.bornAt > 60_000 ? 1 : slot.deaths + 1;
    const pause = Math.min(500 * 2 ** (slot.deaths - 1), 30_000);
    slot.respawn = setTimeout(() => this.#spawn(slot), pause);
  }
}
