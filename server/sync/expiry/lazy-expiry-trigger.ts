import { type Redis, ReplyError } from "ioredis";

const MAX_KEYS = 100_000;
const PAGE = 500;

type Waiting = { readonly db: number; readonly key: Buffer; readonly dueAt: number };

/**
 * Asks the source about keys that have expired there. A master deletes an expired key, and tells its replicas
 * so, only when it happens upon it, which may take minutes; being asked for it, it does so at once.
 *
 * redis: db.c expireIfNeeded
 */
export class LazyExpiryTrigger {
  readonly #now: () => number;
  #waiting: Waiting[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @param db of the source. @param dueAt ms since the epoch. Past a bound keys are left to the source's own pace. */
  add(db: number, key: Buffer, dueAt: number): void {
    if (this.#waiting.length < MAX_KEYS) this.#waiting.push({ db, key, dueAt });
  }

  /** Asks for what is due. */
  async trigger(source: Redis): Promise<void> {
    const now = this.#now();
    const due = this.#waiting.filter((waiting) => waiting.dueAt <= now);
    if (due.length === 0) return;
    this.#waiting = this.#waiting.filter((waiting) => waiting.dueAt > now);
    due.sort((a, b) => a.db - b.db);
    for (let first = 0; first < due.length; first += PAGE) {
      const pipeline = source.pipeline();
      let selected = -1;
      for (const { db, key } of due.slice(first, first + PAGE)) {
        if (db !== selected) pipeline.select(db);
        selected = db;
        pipeline.exists(key);
      }
      const answers = (await pipeline.exec()) ?? [];
      const broken = answers.find(([error]) => error !== null && !(error instanceof ReplyError))?.[0];
      if (broken != null) {
        // They are asked for on the next connection.
        this.#waiting.push(...due.slice(first));
        throw broken;
      }
    }
  }

  /** Looks at every key of these databases of the source, which does the same to all of them. */
  async triggerAll(source: Redis, dbs: readonly number[], signal: AbortSignal): Promise<void> {
    for (const db of dbs) {
      await source.select(db);
      let cursor = "0";
      do {
        signal.throwIfAborted();
        // redis: db.c scanGenericCommand — what it finds expired is deleted, not told.
        [cursor] = await source.scan(cursor, "COUNT", PAGE);
      } while (cursor !== "0");
    }
  }

  get waiting(): number {
    return this.#waiting.length;
  }
}
