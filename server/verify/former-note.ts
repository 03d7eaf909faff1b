import { formerKeysKey } from "../sync/checkpoint/own-keys.ts";
import { FormerKeys } from "../sync/reconcile/former-keys.ts";
import type { Side } from "./look.ts";
import type { VerifySpec } from "./verify-spec.ts";

/** What the task has noted of the keys that lay on the destination before it began. */
export class FormerNote {
  /** null where nothing lay there, or what is not known. */
  readonly #keys: FormerKeys | null;
  readonly #unknown: boolean;

  private constructor(keys: FormerKeys | null, unknown: boolean) {
    this.#keys = keys;
    this.#unknown = unknown;
  }

  static async read({ connection }: Side, { taskId, checkpointDb }: VerifySpec): Promise<FormerNote> {
    const bytes = await connection.must(checkpointDb, "GET", formerKeysKey(taskId));
    const noted = Buffer.isBuffer(bytes) ? bytes : null;
    const keys = noted === null ? null : FormerKeys.of(noted);
    return new FormerNote(keys, noted !== null && keys === null);
  }

  /** The key is known to have lain there. @param db of the destination. */
  holds(db: number, key: Buffer): boolean {
    return this.#keys?.holds(db, key) ?? false;
  }

  /** The same, or there were too many of them to be noted. */
  mayHold(db: number, key: Buffer): boolean {
    return this.#unknown || this.holds(db, key);
  }
}
