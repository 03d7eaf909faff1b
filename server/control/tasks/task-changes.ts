import type { StorageHealth } from "../storage/storage-health.ts";
import type { WriteBehind } from "../storage/write-behind.ts";
import type { TaskChange } from "./task-record.ts";
import type { TaskRun } from "./task-run.ts";
import type { TaskStore } from "./task-store.ts";

export type TaskChangesOptions = {
  readonly store: TaskStore;
  readonly writes: WriteBehind;
  readonly health: StorageHealth;
};

/**
 * Writes down what changes in a task's life. What a user wants is refused while it cannot be written: after a
 * restart it would be forgotten. What has happened holds at once, and is written as soon as that is possible.
 */
export class TaskChanges {
  readonly #options: TaskChangesOptions;
  /** By task: what holds and may not be written yet. */
  readonly #late = new Map<string, TaskChange>();

  constructor(options: TaskChangesOptions) {
    this.#options = options;
  }

  /**
   * @param also is written with it, or not at all.
   * @throws TributaryError DATABASE_UNWRITABLE, and then nothing has changed.
   */
  wish(run: TaskRun, change: TaskChange, also: () => void = () => {}): void {
    const { store, health } = this.#options;
    health.durably(() =>
      store.together(() => {
        also();
        this.#write(run.record.id, change);
      }),
    );
    run.record = { ...run.record, ...change };
  }

  happened(run: TaskRun, change: TaskChange): void {
    const { store, writes, health } = this.#options;
    const { id } = run.record;
    run.record = { ...run.record, ...change };
    try {
      this.#write(id, change);
    } catch (error) {
      if (!health.failed(error)) throw error;
      this.#late.set(id, { ...this.#late.get(id), ...change });
      // What was written directly meanwhile is newer, and has taken these along.
      writes.add(() => {
        const late = this.#late.get(id);
        if (late !== undefined) store.update(id, late);
      });
    }
  }

  /** Together with what is late of the task, so that nothing older is written after it. */
  #write(taskId: string, change: TaskChange): void {
    this.#options.store.update(taskId, { ...this.#late.get(taskId), ...change });
    this.#late.delete(taskId);
  }
}
