import { desc, eq, inArray, sql } from "drizzle-orm";
import type { Database } from "../../../db/open-database.ts";
import { cutovers } from "../../../db/schema.ts";
import type { CutoverRecord } from "../tasks/cutover-state.ts";
import type { MigrationReport } from "./migration-report.ts";

/** What changes of a cutover. */
export type CutoverChange = Partial<Pick<CutoverRecord, "state" | "overrides" | "heldWrites" | "notes">> & {
  readonly report?: MigrationReport;
};

/** Cutovers in the database. */
export class CutoverStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  insert(cutover: Omit<CutoverRecord, "id">): CutoverRecord {
    const { id } = this.#db.insert(cutovers).values(cutover).returning({ id: cutovers.id }).get();
    return { ...cutover, id };
  }

  update(id: number, change: CutoverChange): void {
    this.#db.update(cutovers).set(change).where(eq(cutovers.id, id)).run();
  }

  /** The last one of each task. */
  loadAll(): CutoverRecord[] {
    const newest = this.#db
      .select({ id: sql<number>`max(${cutovers.id})` })
      .from(cutovers)
      .groupBy(cutovers.taskId);
    return this.#db
      .select(columns)
      .from(cutovers)
      .where(inArray(cutovers.id, newest))
      .all() as CutoverRecord[];
  }

  /** All of a task, the newest first. */
  list(taskId: string): CutoverRecord[] {
    return this.#db
      .select(columns)
      .from(cutovers)
      .where(eq(cutovers.taskId, taskId))
      .orderBy(desc(cutovers.id))
      .all() as CutoverRecord[];
  }

  /** As it was when the task was finished; null while it is not. */
  report(taskId: string): MigrationReport | null {
    const row = this.#db
      .select({ report: cutovers.report })
      .from(cutovers)
      .where(eq(cutovers.taskId, taskId))
      .orderBy(desc(cutovers.id))
      .limit(1)
      .get();
    return (row?.report as MigrationReport | null | undefined) ?? null;
  }
}

/** All but the report, which is large. */
const columns = {
  id: cutovers.id,
  taskId: cutovers.taskId,
  startedAt: cutovers.startedAt,
  startedBy: cutovers.startedBy,
  state: cutovers.state,
  overrides: cutovers.overrides,
  heldWrites: cutovers.heldWrites,
  notes: cutovers.notes,
};
