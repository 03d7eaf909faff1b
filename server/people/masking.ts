import { randomBytes } from "node:crypto";
import { eq } from "drizzle-orm";
import type { Database } from "../../db/open-database.ts";
import { settings } from "../../db/schema.ts";
import { durably } from "./durably.ts";
import type { Identity } from "./identity.ts";

/** What viewers do not see. */
export type Masking = {
  /** Values of keys, and whatever may quote one: fields, members, answers of scripts, a server's own words. */
  readonly values: boolean;
  /** Names of keys. */
  readonly keys: boolean;
  /** Host names and IP addresses. */
  readonly hosts: boolean;
};

/** Who is to look at tasks need not look at the data of their users: the administrator may permit it. */
const DEFAULT: Masking = { values: true, keys: false, hosts: false };
const settingKey = "masking";

/** What an administrator has decided about that, in the database. */
export class MaskingSetting {
  readonly #db: Database;
  readonly #directory: string;
  #masking: Masking;
  /** Of the names that stand for hosts: with it nobody finds a host by trying all addresses. */
  readonly salt: string;

  constructor({ db, directory }: { db: Database; directory: string }) {
    this.#db = db;
    this.#directory = directory;
    const kept = db.select().from(settings).where(eq(settings.key, settingKey)).get()?.value as
      | (Masking & { readonly salt: string })
      | undefined;
    const { salt, ...masking } = kept ?? { ...DEFAULT, salt: randomBytes(16).toString("hex") };
    this.#masking = masking;
    this.salt = salt;
    if (kept === undefined) this.#keep();
  }

  get(): Masking {
    return this.#masking;
  }

  /** It holds from the next answer on, of open pages as well. @throws TributaryError DATABASE_UNWRITABLE */
  set({ values, keys, hosts }: Masking): void {
    const before = this.#masking;
    this.#masking = { values, keys, hosts };
    try {
      durably(this.#directory, () => this.#keep());
    } catch (error) {
      this.#masking = before;
      throw error;
    }
  }

  /** What is hidden from somebody; null where that is nothing. */
  of(identity: Identity | null): Masking | null {
    const { values, keys, hosts } = this.#masking;
    const looksOnly = identity === null || identity.role === "viewer";
    return looksOnly && (values || keys || hosts) ? this.#masking : null;
  }

  #keep(): void {
    const value = { ...this.#masking, salt: this.salt };
    this.#db
      .insert(settings)
      .values({ key: settingKey, value })
      .onConflictDoUpdate({ target: settings.key, set: { value } })
      .run();
  }
}
