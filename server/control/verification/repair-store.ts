import { and, asc, count, desc, eq, inArray, isNull, max, or } from "drizzle-orm";
import type { Database } from "../../../db/open-database.ts";
import { repairedKeys, repairs } from "../../../db/schema.ts";
import type { PlainReason } from "../../errors/tributary-error.ts";
import type { SideFacts } from "../../verify/difference.ts";
import type { RepairCounts, RepairKey, RepairOutcome } from "../../verify/repair-outcome.ts";
import type { Actor } from "../tasks/actor.ts";
import type { PlainRepairedKey } from "./verify-protocol.ts";

/** Repairs of a task that are remembered, and keys of all of them together: beyond that the oldest go. */
const KEPT = 20;
const KEPT_KEYS = 200_000;
/** Rows that are written with one statement. */
const ROWS = 500;

/**
 * - running: it is under way, or goes on after a restart;
 * - waiting: its keys are noted on the destination, and copied when the synchronization goes on;
 * - done, failed, canceled: it has ended.
 */
export type RepairState = "running" | "waiting" | "done" | "failed" | "canceled";

/** One repair, without its keys. Times in ms since the epoch. */
export type RepairRow = Actor & {
  readonly id: number;
  readonly verificationId: number;
  readonly startedAt: number;
  readonly finishedAt: number | null;
  readonly state: RepairState;
  readonly sentence: string;
  readonly reason: PlainReason | null;
  readonly keys: number;
};

/** One key of a repair as it is remembered. */
export type RepairedRow = RepairKey & {
  readonly place: number;
  /** null before the destination was looked at. */
  readonly outcome: RepairOutcome | null;
  readonly before: SideFacts | null;
  readonly after: SideFacts | null;
  readonly at: number | null;
};

export type RepairChange = Partial<Pick<RepairRow, "finishedAt" | "state" | "sentence" | "reason">>;

/** Who had which keys repaired, when, and what the destination held before and after: in the database. */
export class RepairStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  add(taskId: string, row: Omit<RepairRow, "id" | "keys">, keys: readonly RepairKey[]): RepairRow {
    return this.#db.transaction((tx) => {
      const added = { ...row, keys: keys.length };
      const { id } = tx
        .insert(repairs)
        .values({ taskId, ...added })
        .returning({ id: repairs.id })
        .get();
      for (let from = 0; from < keys.length; from += ROWS) {
        const rows = keys.slice(from, from + ROWS);
        tx.insert(repairedKeys)
          .values(rows.map((key, index) => ({ repairId: id, place: from + index, ...key })))
          .run();
      }
      const all = tx
        .select({ id: repairs.id, keys: repairs.keys })
        .from(repairs)
        .where(eq(repairs.taskId, taskId))
        .orderBy(desc(repairs.id))
        .all();
      let sum = 0;
      const outdated = all.filter((one, index) => {
        sum += one.keys;
        return index > 0 && (index >= KEPT || sum > KEPT_KEYS);
      });
      if (outdated.length > 0) {
        const ids = outdated.map((one) => one.id);
        tx.delete(repairs).where(inArray(repairs.id, ids)).run();
      }
      return { id, ...added };
    });
  }

  change(id: number, change: RepairChange): void {
    this.#db.update(repairs).set(change).where(eq(repairs.id, id)).run();
  }

  /** What has come of some keys. What the destination held before stays as it was noted first. */
  came(id: number, keys: readonly PlainRepairedKey[], at: number): void {
    this.#db.transaction((tx) => {
      for (const { place, outcome, before, after } of keys) {
        tx.update(repairedKeys)
          .set({ outcome, before, after, at })
          .where(and(eq(repairedKeys.repairId, id), eq(repairedKeys.place, place)))
          .run();
      }
    });
  }

  /** The keys of which nothing final is known, in their order. */
  left(id: number): RepairedRow[] {
    const open = or(isNull(repairedKeys.outcome), eq(repairedKeys.outcome, "noted"));
    return this.#db
      .select()
      .from(repairedKeys)
      .where(and(eq(repairedKeys.repairId, id), open))
      .orderBy(asc(repairedKeys.place))
      .all() as RepairedRow[];
  }

  counts(id: number): RepairCounts {
    const rows = this.#db
      .select({ outcome: repairedKeys.outcome, keys: count() })
      .from(repairedKeys)
      .where(eq(repairedKeys.repairId, id))
      .groupBy(repairedKeys.outcome)
      .all();
    return Object.fromEntries(rows.map(({ outcome, keys }) => [outcome ?? "noted", keys]));
  }

  /** Newest first. */
  list(taskId: string): RepairRow[] {
    return this.#rows(eq(repairs.taskId, taskId));
  }

  /** When the last one ended that has repaired a key, ms since the epoch; null where none has. */
  lastEnded(taskId: string): number | null {
    const ended = this.#db
      .select({ at: max(repairs.finishedAt) })
      .from(repairs)
      .where(and(eq(repairs.taskId, taskId), eq(repairs.state, "done")))
      .get();
    return ended?.at ?? null;
  }

  /** Those that have not ended, with their tasks. */
  open(): { readonly taskId: string; readonly row: RepairRow }[] {
    const open = or(eq(repairs.state, "running"), eq(repairs.state, "waiting"));
    return this.#db
      .select()
      .from(repairs)
      .where(open)
      .all()
      .map(({ taskId, ...row }) => ({ taskId, row: row as RepairRow }));
  }

  /** Its keys from `from` on, in their order. */
  keys(taskId: string, id: number, from: number, limit: number): RepairedRow[] {
    if (this.#rows(and(eq(repairs.taskId, taskId), eq(repairs.id, id))).length === 0) return [];
    return this.#db
      .select()
      .from(repairedKeys)
      .where(eq(repairedKeys.repairId, id))
      .orderBy(asc(repairedKeys.place))
      .limit(limit)
      .offset(from)
      .all() as RepairedRow[];
  }

  #rows(where: ReturnType<typeof and>): RepairRow[] {
    const rows = this.#db.select().from(repairs).where(where).orderBy(desc(repairs.id)).all();
    return rows.map(({ taskId: _, ...row }) => row as RepairRow);
  }
}
