import { randomUUID } from "node:crypto";
import { and, count, eq, gt, lte, ne } from "drizzle-orm";
import type { Database } from "../../db/open-database.ts";
import { accounts, invitations, sessions, users } from "../../db/schema.ts";
import { TributaryError } from "../errors/tributary-error.ts";
import { durably } from "./durably.ts";
import { hashOf, newSecret } from "./one-time-secret.ts";
import { type Role, readRole } from "./role.ts";

const INVITATION_MS = 72 * 3_600_000;

export type PersonView = {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly role: Role;
  readonly createdAt: number;
  /** null for somebody who has never signed in. */
  readonly lastLoginAt: number | null;
  readonly sessions: number;
  /** Until when the link can be used that was made for this person; null where there is none. */
  readonly invitedUntil: number | null;
  /** false until the person has chosen a password. */
  readonly canSignIn: boolean;
};

export type NewPerson = { readonly name: string; readonly email: string; readonly role: Role };

/** A link's secret, which is shown once. */
export type Invitation = { readonly secret: string; readonly expiresAt: number };

/**
 * The people and how they sign in. Every change is one synchronous transaction, so that two requests at the same
 * moment cannot both be the first administrator, nor both remove the last but one.
 */
export class PersonStore {
  readonly #db: Database;
  readonly #directory: string;
  readonly #now: () => number;

  constructor(options: { db: Database; directory: string; now: () => number }) {
    this.#db = options.db;
    this.#directory = options.directory;
    this.#now = options.now;
  }

  count(): number {
    return this.#db.select({ of: count() }).from(users).get()?.of ?? 0;
  }

  list(): PersonView[] {
    const now = new Date(this.#now());
    const open = new Map(
      this.#db
        .select({ id: sessions.userId, of: count() })
        .from(sessions)
        .where(gt(sessions.expiresAt, now))
        .groupBy(sessions.userId)
        .all()
        .map(({ id, of }) => [id, of]),
    );
    const invited = new Map(
      this.#db
        .select()
        .from(invitations)
        .all()
        .map(({ userId, expiresAt }) => [userId, expiresAt]),
    );
    const able = new Set(
      this.#db
        .select({ id: accounts.userId })
        .from(accounts)
        .all()
        .map(({ id }) => id),
    );
    return this.#db
      .select()
      .from(users)
      .orderBy(users.createdAt)
      .all()
      .map(({ id, name, email, role, createdAt, lastLoginAt }) => ({
        id,
        name,
        email,
        role: readRole(role),
        createdAt: createdAt.getTime(),
        lastLoginAt,
        sessions: open.get(id) ?? 0,
        invitedUntil: (invited.get(id) ?? 0) > this.#now() ? (invited.get(id) ?? null) : null,
        canSignIn: able.has(id),
      }));
  }

  /** @throws TributaryError PERSON_UNKNOWN */
  get(id: string): PersonView {
    const found = this.list().find((person) => person.id === id);
    if (found === undefined) throw new TributaryError("PERSON_UNKNOWN");
    return found;
  }

  /** Makes the administrator while there is nobody at all. @throws TributaryError SETUP_DONE */
  createFirst(person: Omit<NewPerson, "role">, passwordHash: string): string {
    return this.#write(() => {
      if (this.count() > 0) throw new TributaryError("SETUP_DONE");
      const id = this.#insert({ ...person, role: "admin" });
      this.#setPassword(id, passwordHash);
      return id;
    });
  }

  /** A person who chooses a password by the link. @throws TributaryError EMAIL_TAKEN */
  invite(person: NewPerson): { id: string; invitation: Invitation } {
    return this.#write(() => {
      if (this.idOf(person.email) !== null) throw new TributaryError("EMAIL_TAKEN", { email: person.email });
      const id = this.#insert(person);
      return { id, invitation: this.#newInvitation(id) };
    });
  }

  /** A new link for somebody; the former password, link and sessions end. @throws TributaryError PERSON_UNKNOWN */
  inviteAgain(id: string): Invitation {
    return this.#write(() => {
      this.get(id);
      this.#db
        .delete(accounts)
        .where(and(eq(accounts.userId, id), eq(accounts.providerId, "credential")))
        .run();
      this.#endSessions(id);
      return this.#newInvitation(id);
    });
  }

  /** Whose link it is; null where it is none, used or too old. */
  invited(secret: string): { id: string; name: string; email: string } | null {
    return (
      this.#db
        .select({ id: users.id, name: users.name, email: users.email })
        .from(invitations)
        .innerJoin(users, eq(users.id, invitations.userId))
        .where(and(eq(invitations.hash, hashOf(secret)), gt(invitations.expiresAt, this.#now())))
        .get() ?? null
    );
  }

  /** The link is used up. @throws TributaryError INVITATION_INVALID */
  accept(secret: string, passwordHash: string): { id: string; email: string } {
    return this.#write(() => {
      const person = this.invited(secret);
      if (person === null) throw new TributaryError("INVITATION_INVALID");
      this.#db.delete(invitations).where(eq(invitations.userId, person.id)).run();
      this.#setPassword(person.id, passwordHash);
      return person;
    });
  }

  passwordHash(id: string): string | null {
    const row = this.#db
      .select()
      .from(accounts)
      .where(and(eq(accounts.userId, id), eq(accounts.providerId, "credential")))
      .get();
    return row?.password ?? null;
  }

  /** All of the person's sessions end, but for one. */
  changePassword(id: string, passwordHash: string, keepSessionId: string): void {
    this.#write(() => {
      this.#setPassword(id, passwordHash);
      this.#db
        .delete(sessions)
        .where(and(eq(sessions.userId, id), ne(sessions.id, keepSessionId)))
        .run();
    });
  }

  /** @throws TributaryError PERSON_UNKNOWN, LAST_ADMIN */
  setRole(id: string, role: Role): void {
    this.#write(() => {
      if (role !== "admin") this.#keepAnAdmin(id);
      this.#db
        .update(users)
        .set({ role, updatedAt: new Date(this.#now()) })
        .where(eq(users.id, id))
        .run();
    });
  }

  endSessions(id: string): void {
    this.#write(() => {
      this.get(id);
      this.#endSessions(id);
    });
  }

  /** With all sessions and tokens. @throws TributaryError PERSON_UNKNOWN, LAST_ADMIN */
  delete(id: string): void {
    this.#write(() => {
      this.#keepAnAdmin(id);
      this.#db.delete(users).where(eq(users.id, id)).run();
    });
  }

  idOf(email: string): string | null {
    const row = this.#db
      .select({ id: users.id })
      .from(users)
      .where(eq(users.email, email.toLowerCase()))
      .get();
    return row?.id ?? null;
  }

  noteLogin(id: string): void {
    this.#write(() => this.#db.update(users).set({ lastLoginAt: this.#now() }).where(eq(users.id, id)).run());
  }

  /** Whether this session is open, and still one of a person of this role. */
  hasSession(id: string, role: Role): boolean {
    const row = this.#db
      .select({ role: users.role })
      .from(sessions)
      .innerJoin(users, eq(users.id, sessions.userId))
      .where(and(eq(sessions.id, id), gt(sessions.expiresAt, new Date(this.#now()))))
      .get();
    return row?.role === role;
  }

  /** Those that have expired are of no use to anybody. */
  forgetExpired(): void {
    this.#write(() => {
      this.#db
        .delete(sessions)
        .where(lte(sessions.expiresAt, new Date(this.#now())))
        .run();
      this.#db.delete(invitations).where(lte(invitations.expiresAt, this.#now())).run();
    });
  }

  #insert({ name, email, role }: NewPerson): string {
    const id = randomUUID();
    const now = new Date(this.#now());
    const row = { id, name, email: email.toLowerCase(), role, emailVerified: true };
    this.#db
      .insert(users)
      .values({ ...row, createdAt: now, updatedAt: now })
      .run();
    return id;
  }

  /** As better-auth keeps it: an account of the provider "credential", named by the person's own id. */
  #setPassword(userId: string, password: string): void {
    const now = new Date(this.#now());
    const row = { id: randomUUID(), userId, accountId: userId, providerId: "credential", password };
    this.#db
      .insert(accounts)
      .values({ ...row, createdAt: now, updatedAt: now })
      .onConflictDoUpdate({
        target: [accounts.providerId, accounts.accountId],
        set: { password, updatedAt: now },
      })
      .run();
  }

  #newInvitation(userId: string): Invitation {
    const secret = newSecret();
    const row = { hash: hashOf(secret), expiresAt: this.#now() + INVITATION_MS };
    this.#db
      .insert(invitations)
      .values({ userId, ...row })
      .onConflictDoUpdate({ target: invitations.userId, set: row })
      .run();
    return { secret, expiresAt: row.expiresAt };
  }

  #endSessions(userId: string): void {
    this.#db.delete(sessions).where(eq(sessions.userId, userId)).run();
  }

  #keepAnAdmin(leaving: string): void {
    const others = this.list().filter(
      ({ id, role, canSignIn }) => id !== leaving && role === "admin" && canSignIn,
    );
    if (this.get(leaving).role === "admin" && others.length === 0) throw new TributaryError("LAST_ADMIN");
  }

  #write<T>(write: () => T): T {
    return durably(this.#directory, () => this.#db.transaction(write, { behavior: "immediate" }));
  }
}
