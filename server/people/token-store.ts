import { randomUUID } from "node:crypto";
import { and, eq, gt } from "drizzle-orm";
import type { Database } from "../../db/open-database.ts";
import { apiTokens, users } from "../../db/schema.ts";
import { TributaryError } from "../errors/tributary-error.ts";
import { durably } from "./durably.ts";
import type { Identity } from "./identity.ts";
import { hashOf, newSecret } from "./one-time-secret.ts";
import { lowerOf, type Role, readRole } from "./role.ts";

/** So that a token is known as one where it turns up, by people and by scanners of secrets. */
export const TOKEN_PREFIX = "tributary_";
/** ms between two notes of a token's use. */
const USE_NOTED_EVERY = 10_000;
/** For a whole installation. */
const MOST = 1_000;

export type TokenView = {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly ownerId: string;
  readonly ownerName: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly lastUsedAt: number | null;
  readonly lastUsedFrom: string | null;
};

export type TokenIdentity = Extract<Identity, { kind: "token" }>;

/** API tokens. A token does at most what whoever made it may do, and ends with that person. */
export class TokenStore {
  readonly #db: Database;
  readonly #directory: string;
  readonly #now: () => number;

  constructor(options: { db: Database; directory: string; now: () => number }) {
    this.#db = options.db;
    this.#directory = options.directory;
    this.#now = options.now;
  }

  /** @returns the token itself, which cannot be read again. */
  create(token: { name: string; role: Role; ownerId: string; expiresAt: number }): {
    id: string;
    secret: string;
  } {
    const id = randomUUID();
    const secret = `${TOKEN_PREFIX}${newSecret()}`;
    const { ownerId: userId, ...row } = token;
    durably(this.#directory, () => {
      if (this.list().length >= MOST)
        throw new TributaryError("TOO_MANY_REQUESTS", { what: "API tokens", seconds: 0 });
      this.#db
        .insert(apiTokens)
        .values({ id, userId, ...row, hash: hashOf(secret), createdAt: this.#now() })
        .run();
    });
    return { id, secret };
  }

  /** @param ownerId null for everybody's. */
  list(ownerId: string | null = null): TokenView[] {
    return this.#db
      .select()
      .from(apiTokens)
      .innerJoin(users, eq(users.id, apiTokens.userId))
      .where(ownerId === null ? undefined : eq(apiTokens.userId, ownerId))
      .orderBy(apiTokens.createdAt)
      .all()
      .map(({ api_tokens: token, users: owner }) => ({
        id: token.id,
        name: token.name,
        role: lowerOf(readRole(token.role), readRole(owner.role)),
        ownerId: owner.id,
        ownerName: owner.name,
        createdAt: token.createdAt,
        expiresAt: token.expiresAt,
        lastUsedAt: token.lastUsedAt,
        lastUsedFrom: token.lastUsedFrom,
      }));
  }

  /** @throws TributaryError TOKEN_UNKNOWN */
  get(id: string): TokenView {
    const found = this.list().find((token) => token.id === id);
    if (found === undefined) throw new TributaryError("TOKEN_UNKNOWN");
    return found;
  }

  revoke(id: string): void {
    durably(this.#directory, () => this.#db.delete(apiTokens).where(eq(apiTokens.id, id)).run());
  }

  /** Whose token it is; null where it is none, or has expired. */
  identify(secret: string): TokenIdentity | null {
    return secret.startsWith(TOKEN_PREFIX) ? this.#find(eq(apiTokens.hash, hashOf(secret))) : null;
  }

  /** Whether the token is still there, with the same role. */
  isStill({ id, role }: TokenIdentity): boolean {
    return this.#find(eq(apiTokens.id, id))?.role === role;
  }

  noteUse({ id }: TokenIdentity, from: string | null): void {
    const row = this.#db.select().from(apiTokens).where(eq(apiTokens.id, id)).get();
    const recent = (row?.lastUsedAt ?? 0) > this.#now() - USE_NOTED_EVERY && row?.lastUsedFrom === from;
    if (row === undefined || recent) return;
    this.#db
      .update(apiTokens)
      .set({ lastUsedAt: this.#now(), lastUsedFrom: from })
      .where(eq(apiTokens.id, id))
      .run();
  }

  #find(which: ReturnType<typeof eq>): TokenIdentity | null {
    const row = this.#db
      .select()
      .from(apiTokens)
      .innerJoin(users, eq(users.id, apiTokens.userId))
      .where(and(which, gt(apiTokens.expiresAt, this.#now())))
      .get();
    if (row === undefined) return null;
    const { api_tokens: token, users: owner } = row;
    const role = lowerOf(readRole(token.role), readRole(owner.role));
    return { kind: "token", id: token.id, name: token.name, role, ownerId: owner.id };
  }
}
