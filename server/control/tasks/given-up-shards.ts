import { eq } from "drizzle-orm";
import type { Database } from "../../../db/open-database.ts";
import { settings } from "../../../db/schema.ts";
import type { PlainReason } from "../../errors/tributary-error.ts";
import type { WriteBehind } from "../storage/write-behind.ts";
import type { ShardRun } from "./shard-run.ts";
import type { TaskRun } from "./task-run.ts";

const KEY = "shardsGivenUp";

type Kept = Record<string, Record<string, PlainReason>>;

/**
 * Shards whose worker has died by them again and again, by task. They are remembered beyond a restart: one that ends the
 * process must not do so at every start, before anybody can pause its task.
 */
export class GivenUpShards {
  readonly #db: Database;
  readonly #writes: WriteBehind;
  #kept: Kept;

  constructor(db: Database, writes: WriteBehind) {
    this.#db = db;
    this.#writes = writes;
    const row = db.select().from(settings).where(eq(settings.key, KEY)).get();
    this.#kept = (row?.value as Kept | undefined) ?? {};
  }

  add(taskId: string, shard: ShardRun, reason: PlainReason): void {
    shard.end(true);
    shard.givenUp = reason;
    this.#keep({ ...this.#kept, [taskId]: { ...this.#kept[taskId], [shard.record.id]: reason } });
  }

  /** Marks those of a task that is taken up again. */
  recall(run: TaskRun): void {
    for (const shard of run.shards) shard.givenUp = this.#kept[run.record.id]?.[shard.record.id] ?? null;
  }

  /** The user wants to try again, or the task is gone. */
  forgive(run: TaskRun): void {
    for (const shard of run.shards) shard.givenUp = null;
    if (this.#kept[run.record.id] === undefined) return;
    const { [run.record.id]: _, ...others } = this.#kept;
    this.#keep(others);
  }

  #keep(kept: Kept): void {
    this.#kept = kept;
    this.#writes.add(() =>
      this.#db
        .insert(settings)
        .values({ key: KEY, value: kept })
        .onConflictDoUpdate({ target: settings.key, set: { value: kept } })
        .run(),
    );
  }
}
