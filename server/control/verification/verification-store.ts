import { and, asc, desc, eq, inArray, lt } from "drizzle-orm";
import type { Database } from "../../../db/open-database.ts";
import { differingKeys, verifications, verifyOrders } from "../../../db/schema.ts";
import type { PlainReason } from "../../errors/tributary-error.ts";
import type { MergePolicy } from "../../merge/merge-policy.ts";
import type { RepairKey } from "../../verify/repair-outcome.ts";
import type { VerdictJson } from "../../verify/verdict-text.ts";
import type { VerifyDepth } from "../../verify/verify-spec.ts";
import { FindingStore } from "./finding-store.ts";
import type { VerifyOrder, VerifyScope } from "./verify-order.ts";

/** Runs of a task that are remembered. */
const KEPT = 100;
/** Findings of a task that are kept; those of older runs go first, and those of the newest stay. */
const KEPT_FINDINGS = 50_000;
/** Of so many runs the keys that differ. */
const KEPT_KEYS = 3;
/** Rows that are written with one statement. */
const ROWS = 500;

/** `failed` and `canceled` have no verdict. */
export type VerificationOutcome = VerdictJson["outcome"] | "failed" | "canceled";

export type VerifyOrigin = "user" | "schedule";

/** What was asked for, and by whom; the origin is missing in orders of earlier versions. */
export type BegunOrder = VerifyOrder & { readonly origin?: VerifyOrigin };

/** What a verdict rests on: what has changed since makes it one of the past. */
export type VerifyBasis = {
  readonly mergePolicy: MergePolicy;
  /** Initial syncs that each shard had begun, by its id. */
  readonly initialSyncs: Readonly<Record<string, number>>;
};

/** One run of a verification, without what it found. Times in ms since the epoch. */
export type VerificationRow = {
  readonly id: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly outcome: VerificationOutcome;
  /** The verdict in one sentence, or why there is none. */
  readonly sentence: string;
  readonly compared: number;
  readonly differences: number;
  /** Received from all servers. */
  readonly bytes: number;
  readonly depth: VerifyDepth;
  readonly scope: VerifyScope;
  readonly origin: VerifyOrigin;
};

/** What is kept of a verdict beside its findings. */
export type VerdictSummary = Omit<VerdictJson, "listed">;

export type KeptVerification = VerificationRow & {
  readonly basis: VerifyBasis | null;
  readonly verdict: VerdictSummary | null;
  readonly reason: PlainReason | null;
};

/** The newest run with a verdict. */
export type NewestVerification = VerificationRow & Pick<KeptVerification, "basis">;

export type FinishedVerification = Omit<KeptVerification, "id" | "verdict"> & {
  readonly verdict: VerdictJson | null;
};

/** What a run has to come to, so that it says something of the destination. */
const told: readonly VerificationOutcome[] = ["equal", "different", "unknown"];

const { id, startedAt, finishedAt, outcome, sentence, compared, differences } = verifications;
const { bytes, depth, scope, origin, basis } = verifications;
const run = { startedAt, finishedAt, outcome, sentence, compared, differences, bytes, depth, scope, origin };

/** What the verifications of tasks have come to, in the database. */
export class VerificationStore {
  readonly findings: FindingStore;
  readonly #db: Database;

  /** @param keptFindings of a task. */
  constructor(db: Database, keptFindings = KEPT_FINDINGS) {
    this.#db = db;
    this.findings = new FindingStore(db, keptFindings);
  }

  /**
   * @param named the keys that differ, as far as they are known by name.
   * @returns the run's id.
   */
  add(
    taskId: string,
    { verdict, ...finished }: FinishedVerification,
    named: readonly RepairKey[] = [],
  ): number {
    const { listed = [], ...summary } = verdict ?? {};
    return this.#db.transaction((tx) => {
      const { lastInsertRowid } = tx
        .insert(verifications)
        .values({ taskId, ...finished, verdict: verdict === null ? null : summary })
        .run();
      this.findings.add(Number(lastInsertRowid), listed);
      for (let from = 0; from < named.length; from += ROWS) {
        const rows = named.slice(from, from + ROWS);
        tx.insert(differingKeys)
          .values(
            rows.map((key, index) => ({
              verificationId: Number(lastInsertRowid),
              place: from + index,
              ...key,
            })),
          )
          .run();
      }
      this.#prune(taskId);
      return Number(lastInsertRowid);
    });
  }

  /** Newest first. */
  list(taskId: string, most = KEPT): VerificationRow[] {
    return this.#db
      .select({ id, ...run })
      .from(verifications)
      .where(eq(verifications.taskId, taskId))
      .orderBy(desc(id))
      .limit(most)
      .all() as VerificationRow[];
  }

  /** The newest run with a verdict; null where there is none. */
  newest(taskId: string): NewestVerification | null {
    const row = this.#db
      .select({ id, ...run, basis })
      .from(verifications)
      .where(and(eq(verifications.taskId, taskId), inArray(outcome, [...told])))
      .orderBy(desc(id))
      .limit(1)
      .get();
    return (row as NewestVerification | undefined) ?? null;
  }

  /** Without what it found; null where there is no such run. */
  get(taskId: string, runId: number): KeptVerification | null {
    const row = this.#db
      .select()
      .from(verifications)
      .where(and(eq(verifications.taskId, taskId), eq(id, runId)))
      .get();
    if (row === undefined) return null;
    const { taskId: _, ...kept } = row;
    return kept as KeptVerification;
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
  begun(taskId: string, order: BegunOrder, startedAt: number): void {
    const row = { order, paused: false, startedAt };
    this.#db
      .insert(verifyOrders)
      .values({ taskId, ...row })
      .onConflictDoUpdate({ target: verifyOrders.taskId, set: row })
      .run();
  }

  /** Another pace, or a pause. */
  changed(taskId: string, change: { readonly order?: BegunOrder; readonly paused?: boolean }): void {
    this.#db.update(verifyOrders).set(change).where(eq(verifyOrders.taskId, taskId)).run();
  }

  ended(taskId: string): void {
    this.#db.delete(verifyOrders).where(eq(verifyOrders.taskId, taskId)).run();
  }

  /** Those that had not ended. */
  open(): { readonly taskId: string; readonly order: BegunOrder; readonly paused: boolean }[] {
    return this.#db.select().from(verifyOrders).all() as {
      taskId: string;
      order: BegunOrder;
      paused: boolean;
    }[];
  }

  #prune(taskId: string): void {
    const ofTask = eq(verifications.taskId, taskId);
    const newest = this.#db
      .select({ id })
      .from(verifications)
      .where(ofTask)
      .orderBy(desc(id))
      .limit(KEPT)
      .all();
    const oldest = newest.at(-1);
    if (newest.length === KEPT && oldest !== undefined)
      this.#db
        .delete(verifications)
        .where(and(ofTask, lt(id, oldest.id)))
        .run();
    const outdated = newest.slice(KEPT_KEYS).map((one) => one.id);
    if (outdated.length > 0)
      this.#db.delete(differingKeys).where(inArray(differingKeys.verificationId, outdated)).run();
    this.findings.prune(newest.map((one) => one.id));
  }
}
