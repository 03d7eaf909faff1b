import { TributaryError } from "../../errors/tributary-error.ts";
import type { SecretBox } from "../secrets/secret-box.ts";
import type { StorageHealth } from "../storage/storage-health.ts";
import { forgetCheckpoints } from "../supervisor/forget-checkpoints.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import { type Actor, byWhom } from "../tasks/actor.ts";
import {
  type CutoverNote,
  type CutoverRecord,
  type CutoverState,
  type CutoverStep,
  type FinalDepth,
  isOver,
  movesOf,
  stepAfter,
} from "../tasks/cutover-state.ts";
import type { TaskRun } from "../tasks/task-run.ts";
import type { VerificationStore } from "../verification/verification-store.ts";
import type { VerifyJobs } from "../verification/verify-jobs.ts";
import { taskRow } from "../views/task-views.ts";
import {
  type CutoverBounds,
  type Gate,
  type GateFacts,
  type GateName,
  gatesOf,
  shutGate,
  type VerificationSeen,
} from "./cutover-gates.ts";
import type { CutoverChange, CutoverStore } from "./cutover-store.ts";
import type { CutoverView } from "./cutover-view.ts";
import { holdWrites, letWritesGo, removeHeartbeats, type ShardsAt } from "./held-writes.ts";
import type { MigrationReport } from "./migration-report.ts";
import { ShardWatch } from "./shard-watch.ts";
import { removeSwitchFiles, writeSwitchFiles } from "./switch-file.ts";

/** ms between two looks. */
const LOOK_MS = 500;
/** ms before what has failed is tried again. */
const AGAIN_MS = 5000;
/** Notes that are kept of one cutover. */
const MOST_NOTES = 500;

export type CutoversOptions = {
  readonly supervisor: Supervisor;
  readonly store: CutoverStore;
  readonly verifyJobs: VerifyJobs;
  readonly verifications: VerificationStore;
  readonly health: StorageHealth;
  readonly box: SecretBox;
  readonly dataDirectory: string;
  readonly bounds: CutoverBounds;
  readonly report: (run: TaskRun) => MigrationReport;
  readonly now: () => number;
  readonly onFailure: (what: string, error: unknown) => void;
};

/** What is known of a cutover beside what is written down. */
type Led = {
  record: CutoverRecord;
  watches: Map<string, ShardWatch>;
  /** What goes on by itself at the step is under way. */
  busy: boolean;
  /** Not before this, ms since the epoch. */
  againAt: number;
  problem: string | null;
};

/** An order of a person, who saw the cutover at a step: it holds only there. */
export type CutoverOrder = {
  readonly step: CutoverStep;
  readonly move: "proceed" | "back" | "leave";
  /** Of the final verification, where the order begins it. */
  readonly depth?: FinalDepth | undefined;
  /** The task's name, where the order cannot be taken back. */
  readonly confirm?: string | undefined;
};

/**
 * Leads tasks through their cutovers. Each step is written down before anything follows from it, and what goes on by
 * itself at a step (the final verification, the way to rest, the removal of keys) may be begun again at any time: so a
 * cutover goes on after a restart where it was.
 */
export class Cutovers {
  readonly #options: CutoversOptions;
  readonly #led = new Map<string, Led>();
  readonly #seen = new Map<number, Pick<VerificationSeen, "depth" | "whole">>();
  readonly #timer: NodeJS.Timeout;
  #closing = false;

  constructor(options: CutoversOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  /** Takes up those of the database. To be called before the tasks themselves are. */
  open(): void {
    for (const record of this.#options.store.loadAll()) this.#led.set(record.taskId, this.#lead(record));
  }

  /** What a task's run has to know of it. */
  recall(run: TaskRun): void {
    const led = this.#led.get(run.record.id);
    run.cutover = led === undefined || isOver(led.record.state.step) ? null : led.record.state.step;
  }

  /** What is under way is begun again at the next start: it is not waited for. */
  close(): void {
    this.#closing = true;
    clearInterval(this.#timer);
  }

  /** @throws TributaryError TASK_UNKNOWN, TASK_FINISHED, CUTOVER_MOVED, CUTOVER_NOT_READY, DATABASE_UNWRITABLE */
  begin(taskId: string, actor: Actor): CutoverView {
    const { supervisor, store, health } = this.#options;
    const run = supervisor.run(taskId);
    const { name, wanted } = run.record;
    if (wanted === "finished")
      throw new TributaryError("TASK_FINISHED", { task: name, action: "be cut over" });
    if (run.cutover !== null) throw new TributaryError("CUTOVER_MOVED", { task: name, step: run.cutover });
    if (wanted !== "running")
      throw notReady(run, `it is ${run.state().status}`, "Start or resume the task first.");
    const at = this.#options.now();
    const state: CutoverState = { step: "gates", since: at };
    const notes = [{ at, step: "gates", what: "the cutover was begun", who: actor } as const];
    let record: CutoverRecord | null = null;
    health.durably(() => {
      record = store.insert({
        taskId,
        startedAt: at,
        startedBy: actor,
        state,
        overrides: [],
        heldWrites: null,
        notes,
      });
    });
    this.#led.set(taskId, this.#lead(record!));
    this.recall(run);
    supervisor.say(run, "cutover-begun", `A cutover was begun ${byWhom(actor)}.`);
    return this.view(taskId);
  }

  /**
   * Goes on, back, or leaves.
   * @throws TributaryError TASK_UNKNOWN, CUTOVER_MOVED, CUTOVER_NOT_READY, INPUT_INVALID, DATABASE_UNWRITABLE
   */
  order(taskId: string, { step, move, depth, confirm }: CutoverOrder, actor: Actor): CutoverView {
    const { run, led } = this.#at(taskId, step);
    const { name } = run.record;
    const to = stepAfter(step, move);
    if (to === null)
      throw notReady(run, `at the step ${step} it cannot ${move}`, "Look at the page as it is now.");
    if (move === "proceed") {
      const shut = shutGate(this.#gates(run, led));
      if (shut !== null) throw notReady(run, `${shut.title}: ${measuredOf(shut)}`, shut.remedy);
      if (to === "finish" && confirm?.trim() !== name)
        throw new TributaryError("INPUT_INVALID", { field: "Confirmation", detail: `type ${name}` });
    }
    const at = this.#options.now();
    const state = this.#stateAt(led, to, at, depth ?? "keys");
    const overridden = led.record.overrides.map(({ gate }) => gate).join(", ");
    const with_ = move === "proceed" && overridden !== "" ? `, with overrides of ${overridden}` : "";
    const what =
      move === "proceed" ? `went on to ${to}${with_}` : move === "back" ? `went back to ${to}` : "left it";
    this.#move(run, led, state, { at, step, what, who: actor }, move === "back" && step === "switch");
    const said = {
      proceed: `went on from ${step} to ${to}${with_}`,
      back: `went back from ${step} to ${to}`,
      leave: "was left",
    };
    const level = move === "proceed" ? "info" : "warning";
    this.#options.supervisor.say(run, "cutover-moved", `The cutover ${said[move]}, ${byWhom(actor)}.`, level);
    if (move === "leave" || (move === "back" && to === "gates")) this.#letGo(run, led, actor);
    this.#look();
    return this.view(taskId);
  }

  /**
   * Opens a gate that is shut, by its name and for a reason.
   * @throws TributaryError TASK_UNKNOWN, CUTOVER_MOVED, CUTOVER_NOT_READY, DATABASE_UNWRITABLE
   */
  override(taskId: string, gate: GateName, reason: string, actor: Actor): CutoverView {
    const { run, led } = this.#at(taskId, null);
    const found = this.#gates(run, led).find(({ name }) => name === gate);
    if (found === undefined)
      throw notReady(run, `the step has no gate ${gate}`, "Look at the page as it is now.");
    if (found.ok) throw notReady(run, `the gate ${gate} is open`, "It needs no override.");
    const at = this.#options.now();
    const one = { ...actor, gate, at, reason, measured: measuredOf(found) };
    const overrides = [...led.record.overrides.filter((other) => other.gate !== gate), one];
    const step = led.record.state.step;
    this.#write(led, {
      overrides,
      notes: noted(led, { at, step, what: `overrode ${gate}: ${reason}`, who: actor }),
    });
    const message = `The gate ${gate} (${one.measured}) was overridden ${byWhom(actor)}. Reason: ${reason}`;
    this.#options.supervisor.say(run, "cutover-overridden", message, "warning");
    return this.view(taskId);
  }

  /** Takes an override back; nothing where there is none. */
  withdraw(taskId: string, gate: GateName, actor: Actor): CutoverView {
    const { led } = this.#at(taskId, null);
    const overrides = led.record.overrides.filter((other) => other.gate !== gate);
    if (overrides.length < led.record.overrides.length) {
      const note = {
        at: this.#options.now(),
        step: led.record.state.step,
        what: `no longer overrides ${gate}`,
        who: actor,
      };
      this.#write(led, { overrides, notes: noted(led, note) });
    }
    return this.view(taskId);
  }

  /** Begins the final verification again, at another depth if wanted. @throws as `order` */
  verifyAgain(taskId: string, depth: FinalDepth, actor: Actor): CutoverView {
    const { run, led } = this.#at(taskId, "verify");
    const { state } = led.record;
    if (state.step !== "verify") throw notReady(run, "it is not at the verification", "Look at the page.");
    const at = this.#options.now();
    const note = { at, step: state.step, what: `verifies again (${depth})`, who: actor };
    this.#write(led, { state: { ...state, depth, startedAt: null }, notes: noted(led, note) });
    this.#look();
    return this.view(taskId);
  }

  /**
   * Has the shards hold up writes for so many seconds, by CLIENT PAUSE.
   * @param seconds from 1 to MOST_HELD_SECONDS.
   * @throws TributaryError as `order`
   */
  async hold(taskId: string, seconds: number, actor: Actor): Promise<CutoverView> {
    const { run, led } = this.#at(taskId, null);
    const { step } = led.record.state;
    if (step !== "stop-writes" && step !== "drain" && step !== "verify")
      throw notReady(
        run,
        `writes are not held up at the step ${step}`,
        "Go to the step that stops the writes.",
      );
    const at = this.#options.now();
    const shards = await holdWrites(this.#shardsOf(run), seconds * 1000);
    const agreed = shards.filter(({ problem }) => problem === null).map(({ name }) => name);
    const heldWrites = { ...actor, at, until: at + seconds * 1000, shards };
    const what =
      agreed.length === 0
        ? "no shard holds up writes"
        : `${agreed.join(", ")}: writes are held up for ${seconds} s`;
    this.#write(led, { heldWrites, notes: noted(led, { at, step, what, who: actor }) });
    this.#options.supervisor.say(
      run,
      "cutover-writes-held",
      `CLIENT PAUSE: ${what}, ${byWhom(actor)}.`,
      "warning",
    );
    return this.view(taskId);
  }

  /** Lets writes on the shards go on. */
  async release(taskId: string, actor: Actor): Promise<CutoverView> {
    const { run, led } = this.#at(taskId, null);
    if (led.record.heldWrites !== null) await this.#unpause(run, led, actor);
    return this.view(taskId);
  }

  shardsAt(taskId: string): ShardsAt {
    return this.#shardsOf(this.#options.supervisor.run(taskId));
  }

  /** @throws TributaryError TASK_UNKNOWN */
  view(taskId: string): CutoverView {
    const { supervisor, verifyJobs, now } = this.#options;
    const run = supervisor.run(taskId);
    const led = this.#led.get(taskId);
    const { id, name, status, wanted, sourceLabel, destinationLabel, cutover } = taskRow(
      run,
      { recent: [], unseen: [] },
      now(),
    );
    const { source } = run.record;
    const gates = led === undefined || isOver(led.record.state.step) ? [] : this.#gates(run, led);
    const mayBegin = run.cutover === null && wanted === "running";
    return {
      task: { id, name, status, wanted, sourceLabel, destinationLabel, cutover },
      pool: source.kind === "nutcracker" ? source.pool.name : null,
      cutover: led === undefined ? null : { ...withoutTask(led.record), over: isOver(led.record.state.step) },
      gates,
      moves: led === undefined ? [] : movesOf(led.record.state.step),
      shut: shutGate(gates)?.name ?? null,
      verifying: verifyJobs.view(taskId).running,
      problem: led?.problem ?? null,
      mayBegin,
    };
  }

  /** The task is gone. */
  forget(taskId: string): void {
    this.#led.delete(taskId);
    removeSwitchFiles(taskId, this.#options.dataDirectory);
  }

  #lead(record: CutoverRecord): Led {
    return { record, watches: new Map(), busy: false, againAt: 0, problem: null };
  }

  /** @param step what the caller has seen; null for any. */
  #at(taskId: string, step: CutoverStep | null): { run: TaskRun; led: Led } {
    const run = this.#options.supervisor.run(taskId);
    const led = this.#led.get(taskId);
    const now = led?.record.state.step;
    const { name } = run.record;
    if (led === undefined || now === undefined || isOver(now))
      throw new TributaryError("CUTOVER_MOVED", { task: name, step: now ?? "not begun" });
    if (step !== null && step !== now) throw new TributaryError("CUTOVER_MOVED", { task: name, step: now });
    return { run, led };
  }

  #stateAt(led: Led, step: CutoverStep, since: number, depth: FinalDepth): CutoverState {
    const { state } = led.record;
    if (step === "verify") return { step, since, depth, startedAt: null, unrested: [] };
    if (step === "settle") {
      const { depth: chosen = depth, startedAt = null } = state as {
        depth?: FinalDepth;
        startedAt?: number | null;
      };
      return { step, since, depth: chosen, startedAt };
    }
    if (step === "switch") return { step, since, unrested: [] };
    if (step === "left") return { step, since, at: state.step };
    return { step, since };
  }

  /** @param resume the task runs again: it was at rest. */
  #move(run: TaskRun, led: Led, state: CutoverState, note: CutoverNote, resume = false): void {
    const change = { state, notes: noted(led, note) };
    if (resume) {
      const since = this.#options.now();
      const { supervisor, store } = this.#options;
      supervisor.change(run, { wanted: "running", since }, () => store.update(led.record.id, change));
      led.record = { ...led.record, ...change };
    } else this.#write(led, change);
    led.againAt = 0;
    led.problem = null;
    this.recall(run);
    if (resume) this.#options.supervisor.follow(run);
  }

  #write(led: Led, change: CutoverChange): void {
    const { health, store } = this.#options;
    health.durably(() => store.update(led.record.id, change));
    const { report: _, ...rest } = change;
    led.record = { ...led.record, ...rest };
  }

  #gates(run: TaskRun, led: Led): Gate[] {
    return gatesOf(led.record.state, this.#facts(run, led));
  }

  #facts(run: TaskRun, led: Led): GateFacts {
    const { bounds, verifyJobs, now } = this.#options;
    const at = now();
    const { running, runs } = verifyJobs.view(run.record.id);
    return {
      now: at,
      bounds,
      shards: run.shards.map((shard) => {
        const { id } = shard.record;
        const watch = led.watches.get(id) ?? new ShardWatch(at, bounds.lagSeconds);
        led.watches.set(id, watch);
        return watch.look(run, shard, at);
      }),
      verifications: runs.map((row) => ({ ...row, ...this.#rangeOf(run.record.id, row.id) })),
      verifying: running !== null,
      overrides: led.record.overrides,
    };
  }

  /** What a verification that has ended looked at: it does not change. */
  #rangeOf(taskId: string, id: number): Pick<VerificationSeen, "depth" | "whole"> {
    const known = this.#seen.get(id);
    if (known !== undefined) return known;
    const verdict = this.#options.verifications.get(taskId, id)?.verdict ?? null;
    const range = verdict?.range;
    const whole = range !== undefined && range.sample >= 100 && range.prefix === null && range.shard === null;
    const found = { depth: verdict?.depth ?? null, whole };
    this.#seen.set(id, found);
    return found;
  }

  /** What goes on by itself, at each cutover that is under way. */
  #look(): void {
    if (this.#closing) return;
    for (const [taskId, led] of this.#led) {
      const { step } = led.record.state;
      if (isOver(step)) continue;
      const run = this.#options.supervisor.runs().find(({ record }) => record.id === taskId);
      if (run === undefined) continue;
      // Watches look also while nobody does.
      if (step !== "switch" && step !== "finish") this.#facts(run, led);
      if (led.busy || this.#options.now() < led.againAt) continue;
      if (step === "verify") this.#verify(run, led);
      if (step === "settle") this.#byItself(led, () => this.#settle(run, led));
      if (step === "finish") this.#byItself(led, () => this.#finish(run, led));
    }
  }

  #byItself(led: Led, work: () => Promise<void>): void {
    led.busy = true;
    led.againAt = this.#options.now() + AGAIN_MS;
    void work()
      .catch((error: unknown) => {
        led.problem = error instanceof Error ? error.message : String(error);
      })
      .finally(() => {
        led.busy = false;
      });
  }

  /** The final verification is to run, or to have run: one that a restart has ended is begun again. */
  #verify(run: TaskRun, led: Led): void {
    const { state } = led.record;
    if (state.step !== "verify") return;
    const { verifyJobs, now } = this.#options;
    const { running, runs } = verifyJobs.view(run.record.id);
    if (running !== null) return;
    const { startedAt, depth } = state;
    if (startedAt !== null && runs.some((one) => one.startedAt >= startedAt)) return;
    led.againAt = now() + AGAIN_MS;
    try {
      this.#write(led, { state: { ...state, startedAt: now() } });
      const whole = { sample: 100, prefix: null, shardId: null, keysPerSecond: null, bytesPerSecond: null };
      verifyJobs.start(run.record, { depth, ...whole });
      led.problem = null;
    } catch (error) {
      led.problem = error instanceof Error ? error.message : String(error);
    }
  }

  async #settle(run: TaskRun, led: Led): Promise<void> {
    const { supervisor, store, now } = this.#options;
    const { heldWrites } = led.record;
    // A shard that holds up writes takes no heartbeat and lets no key expire: it cannot be brought to its end.
    if (heldWrites !== null && heldWrites.until > now()) await letWritesGo(this.#shardsOf(run));
    const forced = led.record.overrides.some(({ gate }) => gate === "at-rest");
    // The engine has ended between the last word of this and the first of the next: the shard syncs have to run.
    if (run.record.wanted === "paused") {
      supervisor.change(run, { wanted: "running", since: now() });
      supervisor.follow(run);
      return;
    }
    await supervisor.rest(run, (unrested) => {
      const { state } = led.record;
      if (state.step !== "settle") return false;
      const at = now();
      if (unrested.length > 0 && !forced) {
        const { depth, startedAt } = state;
        const back: CutoverState = { step: "verify", since: at, depth, startedAt, unrested };
        this.#move(run, led, back, {
          at,
          step: "settle",
          what: `could not come to rest: ${unrested.join(" ")}`,
          who: null,
        });
        supervisor.say(
          run,
          "cutover-not-rested",
          `The cutover could not go on: ${unrested.join(" ")}`,
          "alert",
        );
        return false;
      }
      const next: CutoverState = { step: "switch", since: at, unrested };
      const change = {
        state: next,
        notes: noted(led, { at, step: "settle", what: "the shards came to rest", who: null }),
      };
      supervisor.change(run, { wanted: "paused", since: at }, () => store.update(led.record.id, change));
      led.record = { ...led.record, ...change };
      this.recall(run);
      supervisor.say(
        run,
        "cutover-rested",
        "All is applied, and nothing writes to the destination: switch the application.",
      );
      return true;
    });
    if (led.record.state.step !== "switch") return;
    if (heldWrites !== null && heldWrites.until > now() + 1000)
      await holdWrites(this.#shardsOf(run), heldWrites.until - now());
    writeSwitchFiles(run.record, this.#options);
  }

  async #finish(run: TaskRun, led: Led): Promise<void> {
    const { supervisor, store, box, report, now } = this.#options;
    if (led.record.heldWrites !== null) await this.#unpause(run, led, null);
    const { heartbeatDb } = run.record;
    if (heartbeatDb !== null) await removeHeartbeats(this.#shardsOf(run), heartbeatDb);
    await forgetCheckpoints(run.record, box);
    const at = now();
    const state: CutoverState = { step: "finished", since: at };
    const notes = noted(led, { at, step: "finish", what: "Tributary's keys were removed", who: null });
    supervisor.change(run, { wanted: "finished", cuttingOver: false, failure: null, since: at }, () =>
      store.update(led.record.id, { state, notes }),
    );
    led.record = { ...led.record, state, notes };
    this.recall(run);
    supervisor.say(run, "task-finished", "The task is finished.");
    led.problem = null;
    this.#write(led, { report: report(run) });
  }

  #letGo(run: TaskRun, led: Led, actor: Actor): void {
    if (led.record.heldWrites === null) return;
    this.#unpause(run, led, actor).catch((error: unknown) =>
      this.#options.onFailure("Writes on the shards could not be let go.", error),
    );
  }

  async #unpause(run: TaskRun, led: Led, who: Actor | null): Promise<void> {
    const shards = await letWritesGo(this.#shardsOf(run));
    const held = led.record.heldWrites;
    const failed = shards.filter(({ id, problem }) => {
      const agreed = held?.shards.some((one) => one.id === id && one.problem === null);
      return agreed && problem !== null;
    });
    const at = this.#options.now();
    const what =
      failed.length === 0
        ? "writes on the shards go on"
        : `could not be told that writes go on, and end it by themselves: ${failed.map(({ name }) => name).join(", ")}`;
    this.#write(led, { heldWrites: null, notes: noted(led, { at, step: led.record.state.step, what, who }) });
  }

  #shardsOf(run: TaskRun): ShardsAt {
    return { taskId: run.record.id, shards: run.shards, box: this.#options.box };
  }
}

function notReady(run: TaskRun, detail: string, remedy: string): TributaryError {
  return new TributaryError("CUTOVER_NOT_READY", { task: run.record.name, detail, remedy });
}

function noted(led: Led, note: CutoverNote): readonly CutoverNote[] {
  return [...led.record.notes, note].slice(-MOST_NOTES);
}

function withoutTask({ taskId: _, ...record }: CutoverRecord): Omit<CutoverRecord, "taskId"> {
  return record;
}

function measuredOf({ parts }: Gate): string {
  return parts
    .filter(({ ok }) => !ok)
    .map(({ shard, measured }) => (shard === null ? measured : `${shard}: ${measured}`))
    .join("; ");
}
