import { and, eq, lte } from "drizzle-orm";
import type { Database } from "../../../db/open-database.ts";
import { verifySchedules as rows } from "../../../db/schema.ts";
import { TributaryError, toReason } from "../../errors/tributary-error.ts";
import type { VerifyOrder } from "./verify-order.ts";
import { type CronTime, nextTime, nextTimes } from "./verify-schedule.ts";

/** ms between two looks at what is due. */
const LOOK_MS = 5_000;

export type ScheduleInput = CronTime & { readonly enabled: boolean; readonly order: VerifyOrder };

/** It was due and did not run. */
export type PassedOver = { readonly at: number; readonly because: string };

export type ScheduleView = ScheduleInput & {
  /** The next few times, ms since the epoch; none while it is off. */
  readonly next: readonly number[];
  readonly passedOver: PassedOver | null;
};

export type VerifySchedulesOptions = {
  readonly db: Database;
  readonly now: () => number;
  /** Why the task is not to be verified now; null where it may be. */
  readonly hindrance: (taskId: string) => string | null;
  readonly start: (taskId: string, order: VerifyOrder) => void;
  readonly onFailure: (error: unknown) => void;
};

/**
 * Begins the verifications of tasks when they are due. One that comes due while another runs is passed over; of those
 * that came due while Tributary was away one is made up for.
 */
export class VerifySchedules {
  readonly #options: VerifySchedulesOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: VerifySchedulesOptions) {
    this.#options = options;
  }

  begin(): void {
    this.#timer = setInterval(() => this.look(), LOOK_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** null where there is none. */
  get(taskId: string): ScheduleView | null {
    const row = this.#options.db.select().from(rows).where(eq(rows.taskId, taskId)).get();
    if (row === undefined) return null;
    const { enabled, cron, timeZone, nextAt } = row;
    const time = { cron, timeZone };
    const following = enabled && nextAt !== null ? [nextAt, ...nextTimes(time, nextAt, 2)] : [];
    const passedOver = row.passedOver as PassedOver | null;
    return { enabled, ...time, order: row.order as VerifyOrder, next: following, passedOver };
  }

  /** @throws TributaryError INPUT_INVALID */
  set(taskId: string, { enabled, order, ...time }: ScheduleInput): void {
    const nextAt = nextTime(time, this.#options.now());
    if (nextAt === null)
      throw new TributaryError("INPUT_INVALID", {
        field: "The cron expression",
        path: "cron",
        detail: "no such day comes",
      });
    const cron = time.cron.trim().split(/\s+/).join(" ");
    const values = { enabled, cron, timeZone: time.timeZone, order, nextAt, passedOver: null };
    this.#options.db
      .insert(rows)
      .values({ taskId, ...values })
      .onConflictDoUpdate({ target: rows.taskId, set: values })
      .run();
  }

  remove(taskId: string): void {
    this.#options.db.delete(rows).where(eq(rows.taskId, taskId)).run();
  }

  /** Begins what is due. */
  look(): void {
    const { db, now, onFailure } = this.#options;
    try {
      const due = db
        .select()
        .from(rows)
        .where(and(eq(rows.enabled, true), lte(rows.nextAt, now())))
        .all();
      for (const row of due) this.#begin(row);
    } catch (error) {
      // The database takes no writes now: what is due stays due.
      onFailure(error);
    }
  }

  #begin({ taskId, cron, timeZone, order, nextAt }: typeof rows.$inferSelect): void {
    const { db, now, hindrance, start } = this.#options;
    const at = now();
    let because = hindrance(taskId);
    try {
      // Written first: whatever becomes of the run, it is begun once.
      const next = { nextAt: nextTime({ cron, timeZone }, at) };
      db.update(rows).set(next).where(eq(rows.taskId, taskId)).run();
      if (because === null) start(taskId, order as VerifyOrder);
    } catch (error) {
      because = toReason(error).message;
    }
    if (because === null) return;
    const passedOver: PassedOver = { at: nextAt ?? at, because };
    db.update(rows).set({ passedOver }).where(eq(rows.taskId, taskId)).run();
  }
}
