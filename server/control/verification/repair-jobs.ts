import { TributaryError } from "../../errors/tributary-error.ts";
import type { DifferenceKind } from "../../verify/difference.ts";
import type { RepairProgress } from "../../verify/repair.ts";
import { repairSentence } from "../../verify/repair-outcome.ts";
import type { SecretBox } from "../secrets/secret-box.ts";
import type { StorageHealth } from "../storage/storage-health.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import { type Actor, byWhom } from "../tasks/actor.ts";
import type { TaskRun } from "../tasks/task-run.ts";
import { kindsOf, type RepairSelection, selected, unnamed } from "./repair-selection.ts";
import type { RepairRow, RepairStore } from "./repair-store.ts";
import { type RepairTiming, repairTiming } from "./repair-timing.ts";
import type { VerificationStore } from "./verification-store.ts";
import { plainKey, type VerifyMessage } from "./verify-protocol.ts";
import { verifySpecOf, wholeRange } from "./verify-spec-of.ts";
import { VerifyThread } from "./verify-thread.ts";

/** ms between two looks whether what waits can go on. */
const LOOK_MS = 2000;
/** ms before what did not come to its end is tried again, and how often. */
const AGAIN_MS = 30_000;
const ATTEMPTS = 10;

const CANCELED = "The repair was canceled.";

/** What a repair would do. */
export type RepairPreview = RepairTiming & {
  /** Keys that would be repaired. */
  readonly keys: number;
  readonly kinds: Partial<Record<DifferenceKind, number>>;
  /** By shard: those of keys that no shard holds stand under null. */
  readonly shards: readonly { readonly name: string | null; readonly keys: number }[];
  /** Copied again from their shards, and deleted where still nobody owns them. */
  readonly copied: number;
  readonly deleted: number;
  /** Differences of the selection that the run counted and does not know by name: another one after this does. */
  readonly unnamed: number;
};

export type RepairView = {
  /** Of the repair that is under way; null where none is. */
  readonly progress: RepairProgress | null;
  /** Newest first. */
  readonly rows: readonly RepairRow[];
};

type Open = {
  readonly row: RepairRow;
  thread: VerifyThread | null;
  progress: RepairProgress;
  attempts: number;
  /** ms since the epoch. */
  notBefore: number;
  canceled: boolean;
};

export type RepairJobsOptions = {
  readonly store: RepairStore;
  readonly verifications: VerificationStore;
  readonly supervisor: Supervisor;
  readonly health: StorageHealth;
  readonly box: SecretBox;
  readonly dataDirectory: string;
  readonly now: () => number;
  readonly onFailure: (error: unknown) => void;
};

/**
 * The repairs of tasks: one of each at a time, each in a thread of its own while it is under way. What is to be
 * repaired is written down first, so that a repair goes on after a restart, and when a paused task is resumed.
 */
export class RepairJobs {
  readonly #options: RepairJobsOptions;
  readonly #open = new Map<string, Open>();
  #timer: NodeJS.Timeout | null = null;
  #closing = false;

  constructor(options: RepairJobsOptions) {
    this.#options = options;
  }

  /** Takes up those that had not ended. */
  begin(): void {
    for (const { taskId, row } of this.#options.store.open()) this.#enter(taskId, row);
    this.#timer = setInterval(() => this.#goOn(), LOOK_MS);
    this.#timer.unref();
  }

  /** @throws TributaryError TASK_UNKNOWN, VERIFICATION_UNKNOWN */
  preview(taskId: string, verificationId: number, selection: RepairSelection): RepairPreview {
    const run = this.#options.supervisor.run(taskId);
    const { keys, counted } = this.#selected(run, verificationId, selection);
    const deleted = keys.filter(({ kind }) => kind === "extra").length;
    const names = [...run.record.shards.map(({ name }) => name), null];
    const shards = names.map((name, index) => ({
      name,
      keys: keys.filter(({ shard }) => (name === null ? shard === null : shard === index)).length,
    }));
    return {
      ...repairTiming(run),
      keys: keys.length,
      kinds: kindsOf(keys),
      shards: shards.filter((one) => one.keys > 0),
      copied: keys.length - deleted,
      deleted,
      unnamed: counted,
    };
  }

  /**
   * Repairs the chosen differences of a run.
   * @param agreed to what the preview said of a task that does not synchronize now.
   * @throws TributaryError TASK_UNKNOWN, VERIFICATION_UNKNOWN, REPAIR_RUNNING, REPAIR_REFUSED, DATABASE_UNWRITABLE
   */
  start(
    taskId: string,
    verificationId: number,
    selection: RepairSelection,
    agreed: boolean,
    actor: Actor,
  ): RepairView {
    const { supervisor, store, health, now } = this.#options;
    const run = supervisor.run(taskId);
    const task = run.record.name;
    if (this.#open.has(taskId)) throw new TributaryError("REPAIR_RUNNING", { task });
    const { keys } = this.#selected(run, verificationId, selection);
    const { how, meaning } = repairTiming(run);
    const refused = (detail: string) => new TributaryError("REPAIR_REFUSED", { task, detail });
    if (how === "never") throw refused(meaning!);
    if (how === "later" && !agreed) throw refused(`that has to be agreed to: ${meaning}`);
    if (keys.length === 0) throw refused("none of the chosen keys is among its differences");
    const begun = {
      ...{ verificationId, ...actor, startedAt: now(), finishedAt: null, reason: null },
      ...{ state: how === "later" ? ("waiting" as const) : ("running" as const), sentence: "" },
    };
    let row: RepairRow | undefined;
    health.durably(() => {
      row = store.add(taskId, begun, keys);
    });
    const what = keys.length === 1 ? "1 key" : `${keys.length.toLocaleString("en-US")} keys`;
    supervisor.say(run, "repair-asked", `Repair of ${what} requested ${byWhom(actor)}.`);
    this.#run(taskId, this.#enter(taskId, row!), how === "later");
    return this.view(taskId);
  }

  /** What is noted already is carried out all the same. */
  cancel(taskId: string): RepairView {
    const open = this.#open.get(taskId);
    if (open !== undefined) {
      open.canceled = true;
      if (open.thread === null) this.#end(taskId, open, "canceled", CANCELED);
      else open.thread.send({ type: "cancel" });
    }
    return this.view(taskId);
  }

  view(taskId: string): RepairView {
    const open = this.#open.get(taskId);
    return { progress: open?.thread ? open.progress : null, rows: this.#options.store.list(taskId) };
  }

  /** Ends that of a task which is about to be deleted. */
  async end(taskId: string): Promise<void> {
    const open = this.#open.get(taskId);
    this.#open.delete(taskId);
    open?.thread?.send({ type: "cancel" });
    await open?.thread?.ended;
  }

  /** Ends all threads; what they were at goes on at the next start. */
  async close(): Promise<void> {
    this.#closing = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    const threads = [...this.#open.values()].flatMap(({ thread }) => (thread === null ? [] : [thread]));
    for (const thread of threads) thread.send({ type: "cancel" });
    await Promise.all(threads.map((thread) => thread.ended));
  }

  #selected(run: TaskRun, verificationId: number, selection: RepairSelection) {
    const { verifications } = this.#options;
    const found = verifications.get(run.record.id, verificationId);
    if (found === null)
      throw new TributaryError("VERIFICATION_UNKNOWN", { task: run.record.name, run: verificationId });
    const keys = selected(verifications.differing(verificationId), selection);
    return { keys, counted: found.verdict === null ? 0 : unnamed(found.verdict, keys.length, selection) };
  }

  #enter(taskId: string, row: RepairRow): Open {
    const progress: RepairProgress = { phase: "connecting", done: 0, total: row.keys };
    const open = { row, thread: null, progress, attempts: 0, notBefore: 0, canceled: false };
    this.#open.set(taskId, open);
    return open;
  }

  /** What waits goes on as soon as all shards of its task synchronize. */
  #goOn(): void {
    const { supervisor, now } = this.#options;
    for (const [taskId, open] of [...this.#open]) {
      if (this.#closing || open.thread !== null || now() < open.notBefore) continue;
      const { how, meaning } = repairTiming(supervisor.run(taskId));
      if (how === "never") this.#end(taskId, open, "failed", meaning!);
      if (how === "now") this.#run(taskId, open, false);
    }
  }

  #run(taskId: string, open: Open, onlyNote: boolean): void {
    const { supervisor, store, now } = this.#options;
    open.attempts++;
    open.notBefore = now() + AGAIN_MS;
    try {
      const left = store.left(open.row.id);
      const spec = verifySpecOf(supervisor.run(taskId).record, this.#options);
      const keys = left.map((row) => ({
        ...plainKey(row),
        ...(row.outcome === null ? {} : { before: row.before }),
      }));
      const places = left.map(({ place }) => place);
      open.thread = new VerifyThread(
        { type: "repair", spec: { ...spec, depth: "full", range: wholeRange }, keys, onlyNote },
        (message) => this.#heard(taskId, open, places, message),
      );
    } catch (error) {
      this.#options.onFailure(error);
    }
  }

  #heard(taskId: string, open: Open, places: readonly number[], message: VerifyMessage): void {
    const { store, supervisor, now, onFailure } = this.#options;
    try {
      if (message.type === "repairing") open.progress = message.progress;
      if (message.type === "came") {
        const keys = message.keys.map((one) => ({ ...one, place: places[one.place]! }));
        store.came(open.row.id, keys, now());
      }
      if (message.type === "noted") {
        const shard = supervisor.run(taskId).shards[message.shard];
        if (shard !== undefined) supervisor.tell({ type: "repair", taskId, shardId: shard.record.id });
      }
      if (message.type === "repaired" || message.type === "failed") this.#ran(taskId, open, message);
    } catch (error) {
      // Its task may have been deleted meanwhile.
      onFailure(error);
    }
  }

  #ran(taskId: string, open: Open, message: Extract<VerifyMessage, { type: "repaired" | "failed" }>): void {
    const { store, now } = this.#options;
    open.thread = null;
    if (this.#closing || this.#open.get(taskId) !== open) return;
    if (open.canceled) return this.#end(taskId, open, "canceled", CANCELED);
    const failure = message.type === "failed" ? message.reason : null;
    if (failure !== null && (!failure.retried || open.attempts >= ATTEMPTS)) {
      store.change(open.row.id, { reason: failure });
      return this.#end(taskId, open, "failed", failure.message);
    }
    const counts = store.counts(open.row.id);
    const sentence = repairSentence(counts, now());
    const waits = failure !== null || (counts.noted ?? 0) > 0;
    if (!waits || open.attempts >= ATTEMPTS) return this.#end(taskId, open, "done", sentence);
    store.change(open.row.id, { state: "waiting", sentence, reason: failure });
  }

  #end(taskId: string, open: Open, state: "done" | "failed" | "canceled", sentence: string): void {
    const { store, supervisor, now } = this.#options;
    this.#open.delete(taskId);
    store.change(open.row.id, { state, sentence, finishedAt: now() });
    const text = sentence.endsWith(".") ? sentence : `${sentence}.`;
    const level = state === "done" && !/differ/.test(sentence) ? "info" : "warning";
    const said = sentence === CANCELED ? sentence : `Repair: ${text}`;
    supervisor.say(supervisor.run(taskId), "repair-ended", said, level);
  }
}
