import { and, asc, count, eq, gt, lte } from "drizzle-orm";
import type { Database } from "../../db/open-database.ts";
import { settings, statusVisits } from "../../db/schema.ts";
import { durably } from "./durably.ts";
import type { Guest } from "./guest.ts";
import { hashOf, newSecret } from "./one-time-secret.ts";
import type { StatusAccess } from "./status-access.ts";

/** A heading of the page and the tasks below it. */
export type StatusGroup = { readonly name: string; readonly taskIds: readonly string[] };

export type StatusArrangement = {
  readonly groups: readonly StatusGroup[];
  /** Whether tasks that are in no group are shown, too. */
  readonly others: boolean;
};

type Kept = StatusArrangement & { readonly access: StatusAccess; readonly passwordHash: string | null };

/** A screen on a wall has nobody to type a password each week. */
const VISIT_MS = 90 * 24 * 3_600_000;
/** Browsers that have given the password; of more, those that end first go. */
const MOST_VISITS = 1_000;
const settingKey = "statusPage";
const DEFAULT: Kept = { access: "signed-in", passwordHash: null, groups: [], others: true };

export type VisitorGuest = Extract<Guest, { kind: "visitor" }>;

/** What has been decided about the status page, in the database: for whom it is, and what stands on it. */
export class StatusPage {
  readonly #db: Database;
  readonly #directory: string;
  readonly #now: () => number;
  #kept: Kept;

  constructor(options: { db: Database; directory: string; now: () => number }) {
    this.#db = options.db;
    this.#directory = options.directory;
    this.#now = options.now;
    const row = this.#db.select().from(settings).where(eq(settings.key, settingKey)).get();
    this.#kept = { ...DEFAULT, ...(row?.value as Partial<Kept> | undefined) };
  }

  access(): StatusAccess {
    return this.#kept.access;
  }

  hasPassword(): boolean {
    return this.#kept.passwordHash !== null;
  }

  arrangement(): StatusArrangement {
    const { groups, others } = this.#kept;
    return { groups, others };
  }

  /** null while the page has another kind of access. */
  passwordHash(): string | null {
    return this.#kept.access === "password" ? this.#kept.passwordHash : null;
  }

  /**
   * Whoever has come in by the former password, or while it was public, is out within seconds.
   * @param passwordHash null keeps the one that is there. @throws TributaryError DATABASE_UNWRITABLE
   */
  setAccess(access: StatusAccess, passwordHash: string | null): void {
    // A password is of no use to another kind of access: it does not wait there for its return.
    const hash = access === "password" ? (passwordHash ?? this.#kept.passwordHash) : null;
    const isOther = access !== this.#kept.access || hash !== this.#kept.passwordHash;
    this.#keep({ ...this.#kept, access, passwordHash: hash }, () => {
      if (isOther) this.#db.delete(statusVisits).run();
    });
  }

  /** @throws TributaryError DATABASE_UNWRITABLE */
  arrange({ groups, others }: StatusArrangement): void {
    this.#keep({ ...this.#kept, groups, others });
  }

  /** For a browser that has given the password. @returns the cookie's secret and how long it is good, in ms. */
  admit(): { readonly secret: string; readonly forMs: number } {
    const secret = newSecret();
    durably(this.#directory, () =>
      this.#db.transaction(() => {
        this.#db.delete(statusVisits).where(lte(statusVisits.expiresAt, this.#now())).run();
        const many = this.#db.select({ of: count() }).from(statusVisits).get()?.of ?? 0;
        const first = this.#db.select().from(statusVisits).orderBy(asc(statusVisits.expiresAt)).get();
        if (many >= MOST_VISITS && first !== undefined)
          this.#db.delete(statusVisits).where(eq(statusVisits.hash, first.hash)).run();
        this.#db
          .insert(statusVisits)
          .values({ hash: hashOf(secret), expiresAt: this.#now() + VISIT_MS })
          .run();
      }),
    );
    return { secret, forMs: VISIT_MS };
  }

  /** @param secret of the cookie; null where there is none. @returns null for who may not look. */
  identify(secret: string | null): VisitorGuest | null {
    const guest: VisitorGuest = { kind: "visitor", visit: secret === null ? null : hashOf(secret) };
    if (this.#kept.access === "public") return { kind: "visitor", visit: null };
    return this.isStill(guest) ? guest : null;
  }

  isStill({ visit }: VisitorGuest): boolean {
    const { access } = this.#kept;
    if (access !== "password" || visit === null) return access === "public" && visit === null;
    const found = this.#db
      .select()
      .from(statusVisits)
      .where(and(eq(statusVisits.hash, visit), gt(statusVisits.expiresAt, this.#now())))
      .get();
    return found !== undefined;
  }

  #keep(value: Kept, also: () => void = () => {}): void {
    durably(this.#directory, () =>
      this.#db.transaction(() => {
        this.#db
          .insert(settings)
          .values({ key: settingKey, value })
          .onConflictDoUpdate({ target: settings.key, set: { value } })
          .run();
        also();
      }),
    );
    this.#kept = value;
  }
}
