import { randomUUID } from "node:crypto";
import { and, eq, gt } from "drizzle-orm";
import type { Database } from "../../db/open-database.ts";
import { shareLinks, users } from "../../db/schema.ts";
import { TributaryError } from "../errors/tributary-error.ts";
import { durably } from "./durably.ts";
import type { Guest } from "./guest.ts";
import type { Masking } from "./masking.ts";
import { hashOf, newSecret } from "./one-time-secret.ts";
import { covers, readRole } from "./role.ts";

/** ms between two notes of a link's use. */
const USE_NOTED_EVERY = 60_000;
/** For a whole installation. */
const MOST = 1_000;
/** A secret has 43 characters; what is longer is none. */
const LONGEST = 100;

export type ShareLinkView = {
  readonly id: string;
  readonly taskId: string;
  readonly name: string;
  /** null where nobody had to sign in. */
  readonly madeBy: string | null;
  readonly hidden: Masking;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly lastUsedAt: number | null;
  readonly lastUsedFrom: string | null;
};

export type LinkGuest = Extract<Guest, { kind: "link" }>;

/**
 * Links to one task for people without an account. A link ends when it expires, is revoked, or when whoever made it is
 * removed; it rests while that person is no operator.
 */
export class ShareLinks {
  readonly #db: Database;
  readonly #directory: string;
  readonly #now: () => number;

  constructor(options: { db: Database; directory: string; now: () => number }) {
    this.#db = options.db;
    this.#directory = options.directory;
    this.#now = options.now;
  }

  /** @param link.userId null where nobody had to sign in. @returns the secret, which cannot be read again. */
  create(link: { taskId: string; userId: string | null; name: string; hidden: Masking; expiresAt: number }): {
    id: string;
    secret: string;
  } {
    const id = randomUUID();
    const secret = newSecret();
    durably(this.#directory, () => {
      if (this.list().length >= MOST)
        throw new TributaryError("TOO_MANY_REQUESTS", { what: "share links", seconds: 0 });
      this.#db
        .insert(shareLinks)
        .values({ id, ...link, hash: hashOf(secret), createdAt: this.#now() })
        .run();
    });
    return { id, secret };
  }

  /** Newest first, those that have expired too. @param taskId null for those of all tasks. */
  list(taskId: string | null = null): ShareLinkView[] {
    return this.#db
      .select()
      .from(shareLinks)
      .leftJoin(users, eq(users.id, shareLinks.userId))
      .where(taskId === null ? undefined : eq(shareLinks.taskId, taskId))
      .all()
      .map(({ share_links: { hash: _, userId: __, hidden, ...link }, users: maker }) => ({
        ...link,
        hidden: hidden as Masking,
        madeBy: maker?.name ?? null,
      }))
      .sort((one, other) => other.createdAt - one.createdAt);
  }

  /** @throws TributaryError SHARE_LINK_UNKNOWN */
  get(id: string): ShareLinkView {
    const found = this.list().find((link) => link.id === id);
    if (found === undefined) throw new TributaryError("SHARE_LINK_UNKNOWN");
    return found;
  }

  revoke(id: string): void {
    durably(this.#directory, () => this.#db.delete(shareLinks).where(eq(shareLinks.id, id)).run());
  }

  /** Who holds the link; null where it is none, or leads nowhere any more. */
  identify(secret: string): LinkGuest | null {
    return secret.length > LONGEST ? null : this.#find(eq(shareLinks.hash, hashOf(secret)));
  }

  isStill({ id }: LinkGuest): boolean {
    return this.#find(eq(shareLinks.id, id)) !== null;
  }

  noteUse({ id }: LinkGuest, from: string | null): void {
    const row = this.#db.select().from(shareLinks).where(eq(shareLinks.id, id)).get();
    const recent = (row?.lastUsedAt ?? 0) > this.#now() - USE_NOTED_EVERY && row?.lastUsedFrom === from;
    if (row === undefined || recent) return;
    this.#db
      .update(shareLinks)
      .set({ lastUsedAt: this.#now(), lastUsedFrom: from })
      .where(eq(shareLinks.id, id))
      .run();
  }

  #find(which: ReturnType<typeof eq>): LinkGuest | null {
    const row = this.#db
      .select()
      .from(shareLinks)
      .leftJoin(users, eq(users.id, shareLinks.userId))
      .where(and(which, gt(shareLinks.expiresAt, this.#now())))
      .get();
    if (row === undefined) return null;
    const { share_links: link, users: maker } = row;
    // Who may no longer make links has none that work.
    if (maker !== null && !covers(readRole(maker.role), "operator")) return null;
    const { id, taskId, hidden, expiresAt } = link;
    return { kind: "link", id, taskId, hidden: hidden as Masking, expiresAt };
  }
}
