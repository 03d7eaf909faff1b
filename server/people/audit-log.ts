import { and, desc, eq, gte, like, lt, lte, or, type SQL } from "drizzle-orm";
import type { Database } from "../../db/open-database.ts";
import { audit } from "../../db/schema.ts";
import { withoutSecrets } from "../errors/known-secrets.ts";
import { type Identity, nameOf } from "./identity.ts";

/** Entries; past it the oldest go. A busy team makes some hundred a day. */
const MOST = 200_000;
const PRUNED_EVERY = 1_000;

export type AuditEntry = {
  readonly id: number;
  readonly at: number;
  readonly actorKind: "person" | "token" | "nobody" | "anyone";
  readonly actorId: string | null;
  readonly actorName: string;
  readonly from: string | null;
  readonly action: string;
  readonly taskId: string | null;
  readonly subject: string | null;
  /** "begun", "done", or the code of what refused it. */
  readonly outcome: string;
  readonly reason: string | null;
  readonly input?: unknown;
  readonly before?: unknown;
  readonly after?: unknown;
};

/** What is known when something begins; the rest is added at its end. */
export type AuditBegin = {
  readonly identity: Identity | null;
  /** In the place of the identity's name, such as the address that a login was tried for. */
  readonly name?: string | null;
  readonly from: string | null;
  readonly action: string;
  readonly taskId?: string | null;
  readonly subject?: string | null;
  readonly reason?: string | null;
  readonly input?: unknown;
  readonly before?: unknown;
};

export type AuditEnd = {
  readonly outcome: string;
  readonly after?: unknown;
  readonly subject?: string | null;
  readonly taskId?: string | null;
};

export type AuditFilter = {
  /** Part of a name, an action, a subject or a task's id. */
  readonly text?: string | undefined;
  readonly action?: string | undefined;
  readonly actorId?: string | undefined;
  readonly taskId?: string | undefined;
  /** ms since the epoch, both within. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
};

/**
 * Who did what. An entry is written before the deed and completed after it, so that what was begun before a crash is
 * there, too. A database that takes no writes stops nobody from pausing a task: such an entry goes to the log.
 */
export class AuditLog {
  readonly #db: Database;
  readonly #now: () => number;
  readonly #onFailure: (what: string, error: unknown) => void;

  constructor(options: {
    db: Database;
    now: () => number;
    onFailure: (what: string, error: unknown) => void;
  }) {
    this.#db = options.db;
    this.#now = options.now;
    this.#onFailure = options.onFailure;
  }

  /** @returns what completes the entry. */
  begin(entry: AuditBegin): (end: AuditEnd) => void {
    const { identity } = entry;
    const row = {
      at: this.#now(),
      actorKind: identity?.kind ?? "nobody",
      actorId: identity === null || identity.kind === "anyone" ? null : identity.id,
      actorName: (entry.name ?? nameOf(identity) ?? "unknown user").slice(0, 200),
      from: entry.from,
      action: entry.action,
      taskId: entry.taskId ?? null,
      subject: entry.subject ?? null,
      outcome: "begun",
      reason: entry.reason ?? null,
      input: clean(entry.input),
      before: clean(entry.before),
    };
    const id = this.#attempt(row.action, row.actorName, () => {
      const { lastInsertRowid } = this.#db.insert(audit).values(row).run();
      if (Number(lastInsertRowid) % PRUNED_EVERY === 0) this.#prune(Number(lastInsertRowid));
      return Number(lastInsertRowid);
    });
    return ({ outcome, after, subject, taskId }) => {
      if (id === null) return;
      const more = {
        ...(subject === undefined ? {} : { subject }),
        ...(taskId === undefined ? {} : { taskId }),
      };
      this.#attempt(row.action, row.actorName, () =>
        this.#db
          .update(audit)
          .set({ outcome, after: clean(after), ...more })
          .where(eq(audit.id, id))
          .run(),
      );
    };
  }

  /** Newest first. @param before the id of the last entry of the page before. */
  page(filter: AuditFilter, before: number | null, limit: number): AuditEntry[] {
    const wanted: (SQL | undefined)[] = [
      before === null ? undefined : lt(audit.id, before),
      ...conditions(filter),
    ];
    return this.#db
      .select()
      .from(audit)
      .where(and(...wanted))
      .orderBy(desc(audit.id))
      .limit(limit)
      .all()
      .map((row) => ({ ...row, actorKind: row.actorKind as AuditEntry["actorKind"] }));
  }

  /** The actions that there are entries of, for the filter. */
  actions(): string[] {
    return this.#db
      .selectDistinct({ action: audit.action })
      .from(audit)
      .orderBy(audit.action)
      .all()
      .map(({ action }) => action);
  }

  #prune(newest: number): void {
    this.#db
      .delete(audit)
      .where(lte(audit.id, newest - MOST))
      .run();
  }

  #attempt<T>(action: string, who: string, write: () => T): T | null {
    try {
      return write();
    } catch (error) {
      this.#onFailure(`The audit could not be written: ${action} by ${who}.`, error);
      return null;
    }
  }
}

function conditions({ text, action, actorId, taskId, since, until }: AuditFilter): (SQL | undefined)[] {
  // Within LIKE, % and _ would stand for anything.
  const part = text === undefined || text === "" ? undefined : `%${text.replace(/[%_]/g, "")}%`;
  return [
    part === undefined
      ? undefined
      : or(
          like(audit.actorName, part),
          like(audit.action, part),
          like(audit.subject, part),
          like(audit.taskId, part),
          like(audit.reason, part),
        ),
    action === undefined ? undefined : eq(audit.action, action),
    actorId === undefined ? undefined : eq(audit.actorId, actorId),
    taskId === undefined ? undefined : eq(audit.taskId, taskId),
    since === undefined ? undefined : gte(audit.at, since),
    until === undefined ? undefined : lte(audit.at, until),
  ];
}

function clean(value: unknown): unknown {
  return value === undefined || value === null ? null : JSON.parse(withoutSecrets(JSON.stringify(value)));
}
