import { and, asc, desc, eq, inArray, lt } from "drizzle-orm";
import type { Database } from "../../../db/open-database.ts";
import { differingKeys, verifications, verifyOrders } from "../../../db/schema.ts";
import type { PlainReason } from "../../errors/tributary-error.ts";
import type { RepairKey } from "../../verify/repair-outcome.ts";
import type { VerdictJson } from "../../verify/verdict-text.ts";
import type { VerifyDepth } from "../../verify/verify-spec.ts";

/** What a user asks for. null is without a limit. */
export type VerifyOrder = {
  readonly depth: VerifyDepth;
  readonly sample: number;
  /** In base64; null for all keys. */
  readonly prefix: string | null;
  /** The id of the only shard whose keys are looked at; null for all. */
  readonly shardId: string | null;
  readonly keysPerSecond: number | null;
  readonly bytesPerSecond: number | null;
  /** Replicas of the shards are read in the place of their masters. */
  readonly replicas?: boolean;
};

/** Runs of a task that are remembered. */
const KEPT = 100;
/** Of so many of them the keys that differ. */
const KEPT_KEYS = 3;
/** Rows that are written with one statement. */
const ROWS = 500;

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

  /** @param named the keys that differ, as far as they are known by name. */
  add(taskId: string, run: FinishedVerification, named: readonly RepairKey[] = []): void {
    this.#db.transaction((tx) => {
      const { id } = tx
        .insert(verifications)
        .values({ taskId, ...run })
        .returning({ id: verifications.id })
        .get();
      for (let from = 0; from < named.length; from += ROWS) {
        const rows = named.slice(from, from + ROWS);
        tx.insert(differingKeys)
          .values(rows.map((key, index) => ({ verificationId: id, place: from + index, ...key })))
          .run();
      }
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
      const outdated = newest.slice(KEPT_KEYS).map((one) => one.id);
      if (outdated.length > 0)
        tx.delete(differingKeys).where(inArray(differingKeys.verificationId, outdated)).run();
    });
  }

  /** The keys that a run found to differ; empty of a run that is older than the last few. */
  differing(verificationId: number): RepairKey[] {
    const { kind, shard, db, sourceDb, key } = differingKeys;
    return this.#db
      .select({ kind, shard, db, sourceDb, key })
      .from(differingKeys)
      .where(eq(differingKeys.verificationId, verificationId))
      .orderBy(asc(differingKeys.place))
      .all() as RepairKey[];
  }

  /** Notes what is asked for, until it has ended: after a restart it is run again. */
  begun(taskId: string, order: VerifyOrder, startedAt: number): void {
    const row = { order, paused: false, startedAt };
    this.#db
      .insert(verifyOrders)
      .values({ taskId, ...row })
      .onConflictDoUpdate({ target: verifyOrders.taskId, set: row })
      .run();
  }

  /** Another pace, or a pause. */
  changed(taskId: string, change: { readonly order?: VerifyOrder; readonly paused?: boolean }): void {
    this.#db.update(verifyOrders).set(change).where(eq(verifyOrders.taskId, taskId)).run();
  }

  ended(taskId: string): void {
    this.#db.delete(verifyOrders).where(eq(verifyOrders.taskId, taskId)).run();
  }

  /** Those that had not ended. */
  open(): { readonly taskId: string; readonly order: VerifyOrder; readonly paused: boolean }[] {
    return this.#db.select().from(verifyOrders).all() as {
      taskId: string;
      order: VerifyOrder;
      paused: boolean;
    }[];
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
