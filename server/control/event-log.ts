import { and, desc, eq, lt, lte, max } from "drizzle-orm";
import type { Database } from "../../db/open-database.ts";
import { events, tasks } from "../../db/schema.ts";
import type { EventLevel } from "../sync/shard-report.ts";
import type { EventView } from "./task-view.ts";
import type { WriteBehind } from "./write-behind.ts";

export type NewEvent = {
  readonly taskId: string;
  readonly shardId: string | null;
  readonly at: number;
  readonly level: EventLevel;
  readonly type: string;
  readonly message: string;
};

/** Newest events that are kept in memory for each task, and at most shown with it. */
const recentCount = 50;
/** Of each task; older ones go. */
const keptCount = 10_000;

/** What happened, for ever in the database (to a bound) and the newest at hand. */
export class EventLog {
  readonly #db: Database;
  readonly #writes: WriteBehind;
  readonly #recent = new Map<string, EventView[]>();
  #nextId: number;

  constructor(db: Database, writes: WriteBehind) {
    this.#db = db;
    this.#writes = writes;
    // Numbered here, since the row is written later; this process is the only writer.
    this.#nextId =
      (db
        .select({ id: max(events.id) })
        .from(events)
        .get()?.id ?? 0) + 1;
  }

  add(event: NewEvent): void {
    const { taskId, ...facts } = event;
    const view: EventView = { id: this.#nextId++, ...facts };
    const recent = this.recent(taskId);
    this.#recent.set(taskId, [view, ...recent].slice(0, recentCount));
    this.#writes.add(() => {
      // The task may have been deleted meanwhile.
      const task = this.#db.select({ id: tasks.id }).from(tasks).where(eq(tasks.id, taskId)).get();
      if (task !== undefined)
        this.#db
          .insert(events)
          .values({ ...view, taskId })
          .run();
    });
  }

  /** Newest first, at most 50. */
  recent(taskId: string): readonly EventView[] {
    let recent = this.#recent.get(taskId);
    if (recent === undefined) {
      recent = this.#select(and(eq(events.taskId, taskId)), recentCount);
      this.#recent.set(taskId, recent);
    }
    return recent;
  }

  /** Newest first; `before` is an event's id, `shardId` null means all of the task. */
  page(
    taskId: string,
    options: { shardId: string | null; before: number | null; limit: number },
  ): EventView[] {
    this.#writes.flush();
    const { shardId, before, limit } = options;
    const conditions = [
      eq(events.taskId, taskId),
      ...(shardId === null ? [] : [eq(events.shardId, shardId)]),
      ...(before === null ? [] : [lt(events.id, before)]),
    ];
    return this.#select(and(...conditions), limit);
  }

  /** Drops what is past the bound; run now and then. */
  prune(taskId: string): void {
    const oldest = this.#db
      .select({ id: events.id })
      .from(events)
      .where(eq(events.taskId, taskId))
      .orderBy(desc(events.id))
      .limit(1)
      .offset(keptCount)
      .get();
    if (oldest === undefined) return;
    this.#db
      .delete(events)
      .where(and(eq(events.taskId, taskId), lte(events.id, oldest.id)))
      .run();
  }

  forget(taskId: string): void {
    this.#recent.delete(taskId);
  }

  #select(where: ReturnType<typeof and>, limit: number): EventView[] {
    return this.#db
      .select()
      .from(events)
      .where(where)
      .orderBy(desc(events.id))
      .limit(limit)
      .all()
      .map(({ taskId: _, ...view }) => view as EventView);
  }
}
