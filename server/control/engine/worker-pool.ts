import { availableParallelism } from "node:os";
import { reasonOf } from "../../errors/tributary-error.ts";
import type { StopOptions } from "../../sync/apply/stop-options.ts";
import type { ShardSyncSpec } from "../../sync/spec/shard-sync-spec.ts";
import { type EngineMessage, type ShardCommand, shardKey } from "./engine-protocol.ts";
import { EngineThread, type EngineThreadOptions } from "./engine-thread.ts";
import type { ShardRunner, ShardRunnerListener } from "./shard-runner.ts";

type Placement = {
  /** As it is to be started again if its thread dies. */
  spec: ShardSyncSpec;
  slot: Slot;
  /** Deaths of threads that it had to itself, one soon after the other: nobody else can be at fault. */
  deaths: number;
  /** Set while a stop is under way. */
  stopping: {
    readonly done: Promise<{ drained: boolean }>;
    readonly settle: (drained: boolean) => void;
  } | null;
};
type Slot = {
  thread: EngineThread | null;
  readonly placements: Map<string, Placement>;
  /** Its thread has died with several shard syncs in it: one of them may be at fault, so no other is put beside them. */
  suspect: boolean;
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
  /** ms before a thread is started again that died with one shard sync in it; doubled with each death. */
  readonly pauseMs?: number;
  readonly now?: () => number;
};

/** ms: a cutover restores every held-back expiry before it lets go, and looks at all keys for that. */
const FINISH_TIMEOUT_MS = 120_000;

/** Threads beside the usual ones, in which those are kept apart that may be at fault for a death. */
const MOST_APART = 8;
/** So many deaths of a shard sync that has a thread to itself, and it is not started again. */
const MOST_DEATHS = 5;
/** A thread that lived for so long has earned a quick return, ms. */
const LONG_LIFE_MS = 60_000;

/**
 * Shard syncs in worker threads, each placed on the thread that has the fewest. A thread that dies is started again
 * and given its shard syncs back. Of several in it nobody knows which was at fault: they go on at once, without a word,
 * in two threads, so that after a few deaths the one is alone. That one waits longer with each death, and in the end is
 * not started again.
 */
export class WorkerPool implements ShardRunner {
  #slots: Slot[];
  readonly #size: number;
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
      suspect: false,
      bornAt: 0,
      respawn: null,
    }));
    this.#size = size;
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
    const trusted = this.#slots.filter(({ suspect }) => !suspect);
    const slot = (trusted.length > 0 ? trusted : this.#slots).reduce((least, candidate) =>
      candidate.placements.size < least.placements.size ? candidate : least,
    );
    slot.placements.set(key, { spec, slot, deaths: 0, stopping: null });
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
      this.#remove(placement, key);
      return Promise.resolve({ drained: false });
    }
    let settle: (drained: boolean) => void = () => {};
    const done = new Promise<{ drained: boolean }>((resolve) => {
      // What does not answer might still write: only the end of its thread makes sure that it does not.
      const timer = setTimeout(
        () => void placement.slot.thread?.kill("a shard sync did not stop"),
        options.forgetCheckpoint || options.patient === true || options.forSwitch === true
          ? FINISH_TIMEOUT_MS
          : this.#stopTimeoutMs,
      );
      settle = (drained) => {
        clearTimeout(timer);
        this.#remove(placement, key);
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
    this.#remove(placement, key);
    this.#options.onEnded(taskId, shardId);
  }

  /** A slot that is empty is like a new one, or is not needed any more. */
  #remove(placement: Placement, key: string): void {
    const { slot } = placement;
    slot.placements.delete(key);
    if (slot.placements.size > 0 || !slot.suspect) return;
    slot.suspect = false;
    if (this.#slots.length <= this.#size || this.#closed) return;
    this.#slots = this.#slots.filter((one) => one !== slot);
    if (slot.respawn !== null) clearTimeout(slot.respawn);
    void slot.thread?.shutdown(this.#stopTimeoutMs);
  }

  #onDeath(slot: Slot, detail: string): void {
    slot.thread = null;
    if (this.#closed) return;
    const left: [key: string, Placement][] = [];
    // One that did not stop is the one at fault.
    let known = false;
    for (const [key, placement] of [...slot.placements]) {
      if (placement.stopping === null) left.push([key, placement]);
      else {
        known = true;
        placement.stopping.settle(false);
      }
    }
    const [first] = left;
    if (first === undefined) return;
    if (known) this.#spawn(slot);
    else if (left.length === 1) this.#diedAlone(slot, ...first, detail);
    else {
      this.#halve(slot, left);
      this.#spawn(slot);
    }
  }

  /** One of them is at fault, and nobody knows which: the next death will say more. */
  #halve(slot: Slot, placements: readonly [key: string, Placement][]): void {
    slot.suspect = true;
    if (this.#slots.length >= this.#size + MOST_APART) return;
    const apart: Slot = { thread: null, placements: new Map(), suspect: true, bornAt: 0, respawn: null };
    for (const [key, placement] of placements.slice(placements.length >> 1)) {
      slot.placements.delete(key);
      apart.placements.set(key, placement);
      placement.slot = apart;
    }
    this.#slots.push(apart);
    this.#spawn(apart);
  }

  #diedAlone(slot: Slot, key: string, placement: Placement, detail: string): void {
    const { spec } = placement;
    slot.suspect = true;
    placement.deaths = this.#now() - slot.bornAt > LONG_LIFE_MS ? 1 : placement.deaths + 1;
    const givenUp = placement.deaths >= MOST_DEATHS;
    const role = `shard ${spec.shardName}`;
    const reason = givenUp
      ? reasonOf("WORKER_DIED_AGAIN", { role, detail, count: placement.deaths })
      : reasonOf("WORKER_DIED", { role, detail });
    if (givenUp) this.#remove(placement, key);
    this.#options.onWorkerDied(spec.taskId, spec.shardId, reason, givenUp);
    if (givenUp) return;
    const pause = Math.min((this.#options.pauseMs ?? 500) * 2 ** (placement.deaths - 1), 30_000);
    slot.respawn = setTimeout(() => this.#spawn(slot), pause);
  }
}
