import { and, asc, count, eq, gt, inArray, isNull, type SQL, sql } from "drizzle-orm";
import type { Database } from "../../../db/open-database.ts";
import { verificationFindings as rows } from "../../../db/schema.ts";
import { type Difference, isDifference } from "../../verify/difference.ts";
import type { FindingJson } from "../../verify/verdict-text.ts";

/** Which findings of a run are meant; null is any. */
export type FindingFilter = {
  /** true for what makes the destination other than it should be, false for what is said apart. */
  readonly differs: boolean | null;
  readonly kind: Difference["kind"] | null;
  /** The shard's index in the verdict; `none` for keys that no shard holds. */
  readonly shard: number | "none" | null;
  readonly db: number | null;
  /** Bytes that the key holds somewhere. */
  readonly text: Buffer | null;
};

/** One finding as it is kept. */
export type StoredFinding = Omit<FindingJson, "key"> & { readonly number: number; readonly key: Buffer };

/** What verifications found, key by key, in the database. */
export class FindingStore {
  readonly #db: Database;
  readonly #kept: number;

  /** @param kept findings of a task. */
  constructor(db: Database, kept: number) {
    this.#db = db;
    this.#kept = kept;
  }

  /** Numbered from 1 on. */
  add(runId: number, listed: readonly FindingJson[]): void {
    const { placeholder } = sql;
    // One statement for all: ten thousand rows are to hold up nobody.
    const insert = this.#db
      .insert(rows)
      .values({
        runId,
        number: placeholder("number"),
        differs: placeholder("differs"),
        kind: placeholder("kind"),
        shard: placeholder("shard"),
        db: placeholder("db"),
        key: placeholder("key"),
        facts: placeholder("facts"),
      })
      .prepare();
    for (const [index, { key, ...facts }] of listed.entries()) {
      const { kind, shard, db } = facts;
      const differs = isDifference(kind);
      insert.run({
        ...{ number: index + 1, differs, kind, shard, db, facts },
        key: Buffer.from(key.base64, "base64"),
      });
    }
  }

  count(runId: number, filter: FindingFilter): number {
    return this.#db.select({ value: count() }).from(rows).where(whereOf(runId, filter)).get()?.value ?? 0;
  }

  /** In the order of their numbers. */
  page(runId: number, filter: FindingFilter, offset: number, limit: number): StoredFinding[] {
    return this.#select(whereOf(runId, filter), limit, offset);
  }

  /** Those behind `number`, in order: what pages through all of them whatever is added meanwhile. */
  after(runId: number, filter: FindingFilter, number: number, limit: number): StoredFinding[] {
    return this.#select(and(whereOf(runId, filter), gt(rows.number, number)), limit, 0);
  }

  get(runId: number, number: number): StoredFinding | null {
    return this.#select(and(eq(rows.runId, runId), eq(rows.number, number)), 1, 0)[0] ?? null;
  }

  /** How many of each side are kept, and in which databases of the destination they lie. */
  kept(runId: number): { readonly differences: number; readonly apart: number; readonly dbs: number[] } {
    const groups = this.#db
      .select({ differs: rows.differs, db: rows.db, value: count() })
      .from(rows)
      .where(eq(rows.runId, runId))
      .groupBy(rows.differs, rows.db)
      .all();
    const sumOf = (differs: boolean) =>
      groups.reduce((sum, group) => (group.differs === differs ? sum + group.value : sum), 0);
    const dbs = [...new Set(groups.map(({ db }) => db))].sort((a, b) => a - b);
    return { differences: sumOf(true), apart: sumOf(false), dbs };
  }

  /** @param runIds of a task, newest first. */
  prune(runIds: readonly number[]): void {
    const counts = this.#db
      .select({ runId: rows.runId, value: count() })
      .from(rows)
      .where(inArray(rows.runId, [...runIds]))
      .groupBy(rows.runId)
      .all();
    const sizes = new Map(counts.map(({ runId, value }) => [runId, value]));
    let kept = 0;
    const gone = runIds.filter((runId, index) => {
      kept += sizes.get(runId) ?? 0;
      return index > 0 && kept > this.#kept && sizes.has(runId);
    });
    if (gone.length > 0) this.#db.delete(rows).where(inArray(rows.runId, gone)).run();
  }

  #select(where: SQL | undefined, limit: number, offset: number): StoredFinding[] {
    return this.#db
      .select({ number: rows.number, key: rows.key, facts: rows.facts })
      .from(rows)
      .where(where)
      .orderBy(asc(rows.number))
      .limit(limit)
      .offset(offset)
      .all()
      .map(({ number, key, facts }) => ({ ...(facts as Omit<FindingJson, "key">), number, key }));
  }
}

function whereOf(runId: number, { differs, kind, shard, db, text }: FindingFilter): SQL | undefined {
  return and(
    eq(rows.runId, runId),
    differs === null ? undefined : eq(rows.differs, differs),
    kind === null ? undefined : eq(rows.kind, kind),
    shard === null ? undefined : shard === "none" ? isNull(rows.shard) : eq(rows.shard, shard),
    db === null ? undefined : eq(rows.db, db),
    // Of two blobs it compares bytes, not characters (sqlite: func.c instrFunc).
    text === null ? undefined : sql`instr(${rows.key}, ${text}) > 0`,
  );
}
