import { TributaryError } from "../../errors/tributary-error.ts";
import { type Actor, byWhom } from "../tasks/actor.ts";
import {
  type CutoverState,
  type CutoverStep,
  type FinalDepth,
  movesOf,
  stepAfter,
  stepNames,
} from "../tasks/cutover-state.ts";
import type { TaskRun } from "../tasks/task-run.ts";
import { taskRow } from "../views/task-views.ts";
import { type Gate, type GateName, shutGate } from "./cutover-gates.ts";
import type { CutoverView } from "./cutover-view.ts";
import { finish, releaseWrites, settle, verifyFinally } from "./cutover-work.ts";
import { holdWrites, type ShardsAt } from "./held-writes.ts";
import { type CutoverContext, LedCutover } from "./led-cutover.ts";
import { removeSwitchFiles } from "./switch-file.ts";

/** ms between two looks. */
const LOOK_MS = 500;
/** ms before what goes on by itself is tried again. */
const AGAIN_MS = 5000;

export type CutoversOptions = CutoverContext & {
  readonly onFailure: (what: string, error: unknown) => void;
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
  readonly #led = new Map<string, LedCutover>();
  readonly #timer: NodeJS.Timeout;
  #closing = false;

  constructor(options: CutoversOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  /** Takes up those of the database. To be called before the tasks themselves are. */
  open(): void {
    for (const record of this.#options.store.loadAll())
      this.#led.set(record.taskId, new LedCutover(record, this.#options));
  }

  /** Tells a task that is taken up where its cutover is. */
  recall(run: TaskRun): void {
    this.#led.get(run.record.id)?.recall(run);
  }

  /** What is under way is begun again at the next start: it is not waited for. */
  close(): void {
    this.#closing = true;
    clearInterval(this.#timer);
  }

  /** @throws TributaryError TASK_UNKNOWN, TASK_FINISHED, CUTOVER_MOVED, CUTOVER_NOT_READY, DATABASE_UNWRITABLE */
  begin(taskId: string, actor: Actor): CutoverView {
    const { supervisor, store, health, now } = this.#options;
    const run = supervisor.run(taskId);
    const { name, wanted } = run.record;
    if (wanted === "finished")
      throw new TributaryError("TASK_FINISHED", { task: name, action: "be cut over" });
    if (run.cutover !== null) throw new TributaryError("CUTOVER_MOVED", { task: name, step: run.cutover });
    if (wanted !== "running")
      throw notReady(run, `it is ${run.state().status}`, "Start or resume the task first.");
    const at = now();
    const cutover = {
      ...{ taskId, startedAt: at, startedBy: actor, overrides: [], heldWrites: null },
      state: { step: "gates", since: at },
      notes: [{ at, step: "gates", what: "the cutover was begun", who: actor }],
    } as const;
    health.durably(() => {
      this.#led.set(taskId, new LedCutover(store.insert(cutover), this.#options));
    });
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
    const { supervisor, now } = this.#options;
    const { name } = run.record;
    const to = stepAfter(step, move);
    if (to === null)
      throw notReady(run, `at the step ${step} nobody can ${move}`, "Look at the page as it is now.");
    if (move === "proceed") {
      const shut = shutGate(led.gates(run));
      if (shut !== null) throw notReady(run, `${shut.title}: ${measuredOf(shut)}`, shut.remedy);
      if (to === "finish" && confirm?.trim() !== name)
        throw new TributaryError("INPUT_INVALID", { field: "Confirmation", detail: `type ${name}` });
    }
    const since = now();
    const state = stateAt(led.state, to, since, depth ?? "keys");
    const overridden = led.record.overrides.map(({ gate }) => gate).join(", ");
    const despite = move === "proceed" && overridden !== "" ? `, with overrides of ${overridden}` : "";
    const what = {
      proceed: `continued to ${stepNames[to]}${despite}`,
      back: `went back to ${stepNames[to]}`,
      leave: "left the cutover",
    }[move];
    const wakes = move === "back" && step === "switch";
    if (wakes) led.writeWith(run, { wanted: "running", since }, state, what, actor);
    else led.write({ state }, what, actor);
    led.recall(run);
    if (wakes) supervisor.follow(run);
    const level = move === "proceed" ? "info" : "warning";
    supervisor.say(run, "cutover-moved", `Cutover: ${what}, ${byWhom(actor)}.`, level);
    if (move === "leave" || (move === "back" && to === "gates")) {
      releaseWrites(run, led, actor).catch((error: unknown) =>
        this.#options.onFailure("Writes on the shards could not be let go.", error),
      );
    }
    this.#look();
    return this.view(taskId);
  }

  /**
   * Opens a gate that is shut, by its name and for a reason.
   * @throws TributaryError TASK_UNKNOWN, CUTOVER_MOVED, CUTOVER_NOT_READY, DATABASE_UNWRITABLE
   */
  override(taskId: string, gate: GateName, reason: string, actor: Actor): CutoverView {
    const { run, led } = this.#at(taskId, null);
    const { supervisor, now } = this.#options;
    const found = led.gates(run).find(({ name }) => name === gate);
    if (found === undefined)
      throw notReady(run, `the step has no gate ${gate}`, "Look at the page as it is now.");
    if (found.ok) throw notReady(run, `the gate ${gate} is open`, "It needs no override.");
    const measured = measuredOf(found);
    const one = { ...actor, gate, at: now(), reason, measured };
    const overrides = [...led.record.overrides.filter((other) => other.gate !== gate), one];
    led.write({ overrides }, `overrode ${gate}: ${reason}`, actor);
    const message = `The gate ${gate} (${measured}) was overridden ${byWhom(actor)}. Reason: ${reason}`;
    supervisor.say(run, "cutover-overridden", message, "warning");
    return this.view(taskId);
  }

  /** Takes an override back; nothing where there is none. */
  withdraw(taskId: string, gate: GateName, actor: Actor): CutoverView {
    const { led } = this.#at(taskId, null);
    const overrides = led.record.overrides.filter((other) => other.gate !== gate);
    if (overrides.length < led.record.overrides.length)
      led.write({ overrides }, `no longer overrides ${gate}`, actor);
    return this.view(taskId);
  }

  /** Begins the final verification again, at another depth if wanted. @throws as `order` */
  verifyAgain(taskId: string, depth: FinalDepth, actor: Actor): CutoverView {
    const { led } = this.#at(taskId, "verify");
    const { state } = led;
    if (state.step === "verify")
      led.write(
        { state: { ...state, depth, startedAt: null } },
        `asked for another verification (${depth})`,
        actor,
      );
    led.againAt = 0;
    this.#look();
    return this.view(taskId);
  }

  /**
   * Has the shards hold up writes, by CLIENT PAUSE.
   * @param seconds from 1 to MOST_HELD_SECONDS.
   * @throws TributaryError as `order`
   */
  async hold(taskId: string, seconds: number, actor: Actor): Promise<CutoverView> {
    const { run, led } = this.#at(taskId, null);
    const { step } = led;
    if (step !== "stop-writes" && step !== "drain" && step !== "verify")
      throw notReady(
        run,
        `writes cannot be paused at the step ${step}`,
        "Go to the step that stops the writes.",
      );
    const at = this.#options.now();
    const shards = await holdWrites(led.shardsAt(run), seconds * 1000);
    const agreed = shards.filter(({ problem }) => problem === null).map(({ name }) => name);
    const what =
      agreed.length === 0
        ? "no shard paused its writes"
        : `writes are paused for ${seconds} s on ${agreed.join(", ")}`;
    led.write({ heldWrites: { ...actor, at, until: at + seconds * 1000, shards } }, what, actor);
    const message = `CLIENT PAUSE: ${what}, ${byWhom(actor)}.`;
    this.#options.supervisor.say(run, "cutover-writes-held", message, "warning");
    return this.view(taskId);
  }

  /** Lets writes on the shards go on. */
  async release(taskId: string, actor: Actor): Promise<CutoverView> {
    const { run, led } = this.#at(taskId, null);
    await releaseWrites(run, led, actor);
    return this.view(taskId);
  }

  shardsAt(taskId: string): ShardsAt {
    const run = this.#options.supervisor.run(taskId);
    return { taskId, shards: run.shards, box: this.#options.box };
  }

  /** @throws TributaryError TASK_UNKNOWN */
  view(taskId: string): CutoverView {
    const { supervisor, verifyJobs, now } = this.#options;
    const run = supervisor.run(taskId);
    const led = this.#led.get(taskId);
    const row = taskRow(run, { recent: [], unseen: [], verdict: null }, now());
    const { id, name, status, wanted, sourceLabel, destinationLabel, cutover } = row;
    const { source } = run.record;
    const gates = led === undefined || led.over ? [] : led.gates(run);
    return {
      task: { id, name, status, wanted, sourceLabel, destinationLabel, cutover },
      pool: source.kind === "nutcracker" ? source.pool.name : null,
      cutover: led === undefined ? null : { ...led.record, over: led.over },
      gates,
      moves: led === undefined ? [] : movesOf(led.step),
      shut: shutGate(gates)?.name ?? null,
      verifying: verifyJobs.view(taskId).running,
      problem: led?.problem ?? null,
      mayBegin: run.cutover === null && wanted === "running",
    };
  }

  /** The task is gone. */
  forget(taskId: string): void {
    this.#led.delete(taskId);
    removeSwitchFiles(taskId, this.#options.dataDirectory);
  }

  /** @param step what the caller has seen; null for any. */
  #at(taskId: string, step: CutoverStep | null): { run: TaskRun; led: LedCutover } {
    const run = this.#options.supervisor.run(taskId);
    const led = this.#led.get(taskId);
    if (led === undefined || led.over || (step !== null && step !== led.step))
      throw new TributaryError("CUTOVER_MOVED", { task: run.record.name, step: led?.step ?? "not begun" });
    return { run, led };
  }

  /** What goes on by itself, at each cutover that is under way. */
  #look(): void {
    if (this.#closing) return;
    for (const run of this.#options.supervisor.runs()) {
      const led = this.#led.get(run.record.id);
      if (led === undefined || led.over) continue;
      const { step } = led;
      if (step !== "finish") led.watch(run);
      if (led.busy || this.#options.now() < led.againAt) continue;
      if (step === "verify") this.#byItself(led, verifyFinally(run, led, this.#options));
      if (step === "settle") this.#byItself(led, settle(run, led, this.#options));
      if (step === "finish") this.#byItself(led, finish(run, led, this.#options));
    }
  }

  #byItself(led: LedCutover, work: Promise<void>): void {
    const { step } = led;
    led.busy = true;
    if (step !== "verify") led.againAt = this.#options.now() + AGAIN_MS;
    void work
      .catch((error: unknown) => {
        led.problem = error instanceof Error ? error.message : String(error);
        led.againAt = this.#options.now() + AGAIN_MS;
      })
      .finally(() => {
        led.busy = false;
      });
  }
}

function stateAt(from: CutoverState, step: CutoverStep, since: number, depth: FinalDepth): CutoverState {
  switch (step) {
    case "verify":
      return { step, since, depth, startedAt: null, unrested: [] };
    case "settle":
      return from.step === "verify"
        ? { step, since, depth: from.depth, startedAt: from.startedAt }
        : { step, since, depth, startedAt: null };
    case "switch":
      return { step, since, unrested: [] };
    case "left":
      return { step, since, at: from.step };
    default:
      return { step, since };
  }
}

function notReady(run: TaskRun, detail: string, remedy: string): TributaryError {
  return new TributaryError("CUTOVER_NOT_READY", { task: run.record.name, detail, remedy });
}

function measuredOf({ parts }: Gate): string {
  return parts
    .filter(({ ok }) => !ok)
    .map(({ shard, measured }) => (shard === null ? measured : `${shard}: ${measured}`))
    .join("; ");
}
