import { and, desc, eq, lt } from "drizzle-orm";
import type { Database } from "../../../db/open-database.ts";
import { verifications } from "../../../db/schema.ts";
import type { PlainReason } from "../../errors/tributary-error.ts";
import type { VerdictJson } from "../../verify/verdict-text.ts";

/** Runs of a task that are remembered. */
const KEPT = 100;

/** `failed` and `canceled` have no verdict. */
export type VerificationOutcome = VerdictJson["outcome"] | "failed" | "canceled";

/** One run of a verification, without its differences. Times in ms since the epoch. */
export type VerificationRow = {
  readonly id: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly outcome: VerificationOutcome;
  /** The verdict in one sentence, or why there is none. */
  readonly sentence: string;
  readonly compared: number;
  readonly differences: number;
};

export type FinishedVerification = Omit<VerificationRow, "id"> & {
  readonly verdict: VerdictJson | null;
  readonly reason: PlainReason | null;
};

/** What the verifications of tasks have come to, in the database. */
export class VerificationStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  add(taskId: string, run: FinishedVerification): void {
    this.#db.transaction((tx) => {
      tx.insert(verifications)
        .values({ taskId, ...run })
        .run();
      const ofTask = eq(verifications.taskId, taskId);
      const newest = tx
        .select({ id: verifications.id })
        .from(verifications)
        .where(ofTask)
        .orderBy(desc(verifications.id))
        .limit(KEPT)
        .all();
      const oldest = newest.at(-1);
      if (newest.length === KEPT && oldest !== undefined)
        tx.delete(verifications)
          .where(and(ofTask, lt(verifications.id, oldest.id)))
          .run();
    });
  }

  /** Newest first. */
  list(taskId: string): VerificationRow[] {
    const { id, startedAt, finishedAt, outcome, sentence, compared, differences } = verifications;
    return this.#db
      .select({ id, startedAt, finishedAt, outcome, sentence, compared, differences })
      .from(verifications)
      .where(eq(verifications.taskId, taskId))
      .orderBy(desc(id))
      .all() as VerificationRow[];
  }

  /** With its differences; null where there is no such run. */
  get(taskId: string, id: number): (FinishedVerification & { readonly id: number }) | null {
    const row = this.#db
      .select()
      .from(verifications)
      .where(and(eq(verifications.taskId, taskId), eq(verifications.id, id)))
      .get();
    return (row as (FinishedVerification & { readonly id: number }) | undefined) ?? null;
  }
}
