import { and, desc, eq, inArray, lt, lte, max, or, type SQL } from "drizzle-orm";
import type { Database } from "../../../db/open-database.ts";
import { events, tasks } from "../../../db/schema.ts";
import type { EventLevel } from "../../sync/report/shard-report.ts";
import type { WriteBehind } from "../storage/write-behind.ts";
import type { EventView } from "../views/task-view.ts";
import { EventFolds } from "./event-folds.ts";

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
/** Alerts that nobody has seen are kept beyond that. */
const keptAlerts = 1_000;

/** What is at hand of a task's events. */
type Known = {
  /** Newest first. */
  recent: readonly EventView[];
  /** Alerts that nobody has seen, newest first. */
  unseen: readonly EventView[];
  readonly folds: EventFolds;
};

/**
 * What happened, for ever in the database (to a bound) and the newest at hand. What happens again is the same event, with
 * a count, its first and its last time.
 */
export class EventLog {
  readonly #db: Database;
  readonly #writes: WriteBehind;
  readonly #tasks = new Map<string, Known>();
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
    const known = this.#known(taskId);
    const former = known.folds.repeated(facts);
    const view: EventView = {
      id: this.#nextId++,
      ...facts,
      count: (former?.count ?? 0) + 1,
      firstAt: former?.firstAt ?? facts.at,
      seen: facts.level !== "alert",
    };
    const before = (views: readonly EventView[]) => views.filter(({ id }) => id !== former?.id);
    known.folds.remember(view);
    known.recent = [view, ...before(known.recent)].slice(0, recentCount);
    if (!view.seen) known.unseen = [view, ...before(known.unseen)].slice(0, keptAlerts);
    this.#writes.add(() => {
      // The task may have been deleted meanwhile.
      const task = this.#db.select({ id: tasks.id }).from(tasks).where(eq(tasks.id, taskId)).get();
      if (task === undefined) return;
      if (former !== null) this.#db.delete(events).where(eq(events.id, former.id)).run();
      this.#db
        .insert(events)
        .values({ ...view, taskId })
        .run();
    });
  }

  /** The newest events, at most 50, and the alerts that nobody has seen; newest first. */
  told(taskId: string): { readonly recent: readonly EventView[]; readonly unseen: readonly EventView[] } {
    return this.#known(taskId);
  }

  /** Somebody has seen the task's alerts up to and with the event `upTo`; `shardId` null means those of all shards. */
  see(taskId: string, shardId: string | null, upTo: number): void {
    const known = this.#known(taskId);
    const seen = (event: EventView) => event.id <= upTo && (shardId === null || event.shardId === shardId);
    const ids = known.unseen.filter(seen).map(({ id }) => id);
    if (ids.length === 0) return;
    known.unseen = known.unseen.filter((event) => !seen(event));
    known.recent = known.recent.map((event) => (ids.includes(event.id) ? { ...event, seen: true } : event));
    for (const event of known.recent) if (ids.includes(event.id)) known.folds.remember(event);
    this.#writes.add(() => {
      this.#db.update(events).set({ seen: true }).where(inArray(events.id, ids)).run();
    });
  }

  #known(taskId: string): Known {
    let known = this.#tasks.get(taskId);
    if (known === undefined) {
      const recent = this.#select(eq(events.taskId, taskId), recentCount);
      const unseen = this.#select(and(eq(events.taskId, taskId), eq(events.seen, false)), keptAlerts);
      known = { recent, unseen, folds: new EventFolds() };
      for (const event of [...unseen, ...recent].sort((a, b) => a.id - b.id)) known.folds.remember(event);
      this.#tasks.set(taskId, known);
    }
    return known;
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
    const { unseen } = this.#known(taskId);
    const oldestUnseen = unseen.at(-1)?.id ?? oldest.id + 1;
    this.#db
      .delete(events)
      .where(
        and(
          eq(events.taskId, taskId),
          lte(events.id, oldest.id),
          or(eq(events.seen, true), lt(events.id, oldestUnseen)),
        ),
      )
      .run();
  }

  forget(taskId: string): void {
    this.#tasks.delete(taskId);
  }

  #select(where: SQL | undefined, limit: number): EventView[] {
    return this.#db
      .select()
      .from(events)
      .where(where)
      .orderBy(desc(events.id))
      .limit(limit)
      .all()
      .map(({ taskId: _, ...view }) => ({ ...view, firstAt: view.firstAt || view.at }) as EventView);
  }
}
