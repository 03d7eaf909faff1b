import { setTimeout as sleep } from "node:timers/promises";
import { eq } from "drizzle-orm";
import type { Database } from "../../../db/open-database.ts";
import { settings } from "../../../db/schema.ts";
import type { TaskRun } from "../tasks/task-run.ts";

const KEY = "engineLives";
/** A life of this many ms was not ended by what it took up at its start. */
const LONG_LIFE_MS = 60_000;
/** So many short lives in a row, none of them ended in good order, and tasks are taken up one by one. */
const MOST_SHORT_LIVES = 3;
/** ms that a task is given to do its worst before the next is taken up. */
const APART_MS = 5_000;

type Life = {
  /** Before this one, in a row. */
  readonly shortLives: number;
  readonly long: boolean;
  /** It ended in good order. */
  readonly over: boolean;
  /** The task that is being taken up apart from all others. */
  readonly takingUp: string | null;
};

const FIRST: Life = { shortLives: 0, long: false, over: true, takingUp: null };

/**
 * Notes how the engine's lives end. A task whose servers end the process, be it by the memory that they make it take,
 * would end it again at each start, before anybody can pause the task, and all others would stay down with it.
 */
export class EngineLives {
  /** The task that was being taken up apart when the former life ended; null where there was none. */
  readonly endedBy: string | null;
  readonly #db: Database;
  readonly #apartMs: number;
  readonly #timer: NodeJS.Timeout;
  #life: Life;

  constructor(db: Database, options: { readonly apartMs?: number; readonly longLifeMs?: number } = {}) {
    this.#db = db;
    this.#apartMs = options.apartMs ?? APART_MS;
    const row = db.select().from(settings).where(eq(settings.key, KEY)).get();
    const former = (row?.value as Life | undefined) ?? FIRST;
    this.endedBy = former.over ? null : former.takingUp;
    const shortLives = former.over || former.long ? 0 : former.shortLives + 1;
    this.#life = { shortLives, long: false, over: false, takingUp: null };
    this.#note(this.#life);
    this.#timer = setTimeout(
      () => this.#note({ ...this.#life, long: true }),
      options.longLifeMs ?? LONG_LIFE_MS,
    );
    this.#timer.unref();
  }

  /** Takes up the tasks that are to run: at once, or each by itself for a while. */
  async takeUp(runs: readonly TaskRun[], start: (run: TaskRun) => void): Promise<void> {
    const apart = this.#life.shortLives >= MOST_SHORT_LIVES;
    for (const run of runs) {
      if (this.#life.over) return;
      if (apart) this.#note({ ...this.#life, takingUp: run.record.id });
      start(run);
      if (apart) await sleep(this.#apartMs, undefined, { ref: false });
    }
    if (!this.#life.over) this.#note({ ...this.#life, takingUp: null });
  }

  /** The engine ends in good order. */
  close(): void {
    clearTimeout(this.#timer);
    this.#note(FIRST);
  }

  /** A disk that takes no writes takes this note neither; it says so elsewhere. */
  #note(life: Life): void {
    this.#life = life;
    try {
      this.#db
        .insert(settings)
        .values({ key: KEY, value: life })
        .onConflictDoUpdate({ target: settings.key, set: { value: life } })
        .run();
    } catch {}
  }
}
