import type { DestinationSession } from "../destination/destination-session.ts";
import type { Differences } from "../ledger/differences.ts";
import { pause } from "../retry/pause.ts";

/** ms between two notes of how many keys the shard has. */
const COUNT_MS = 30_000;
const AGAIN_MS = 1000;
/** ms that the end of a session waits for what is being written. */
const LAST_MS = 1000;
const NEVER = new AbortController().signal;

/**
 * Keeps on the destination what an engine after this one has to know of the shard beside its checkpoint: what is known
 * to differ, as soon as it changes, and how many keys the shard has, now and then.
 */
export class ShardNotes {
  readonly #differences: Differences;
  readonly #keys: () => number | null;
  readonly #now: () => number;
  #session: DestinationSession | null = null;
  #restored = false;
  #saving: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #countedAt: number;
  #count: number | null = null;

  constructor(differences: Differences, keys: () => number | null, now: () => number) {
    this.#differences = differences;
    this.#keys = keys;
    this.#now = now;
    this.#countedAt = now();
    differences.onChange(() => this.#save());
  }

  /** The first session says what the engine before has kept; each says whether the destination has lost that. */
  opened(session: DestinationSession): void {
    if (this.#restored) this.#differences.saved(session.differs);
    else this.#differences.restore(session.differs);
    this.#restored = true;
    this.#session = session;
    this.#timer = setInterval(() => this.#save(), AGAIN_MS);
    this.#save();
  }

  /** The session is about to end: what has changed goes with it, if the destination still answers. Never rejects. */
  async closing(): Promise<void> {
    const session = this.#session;
    await this.stop();
    if (session === null || session.link.failure !== null) return;
    await Promise.race([this.#write(session).catch(() => {}), pause(LAST_MS, NEVER)]);
  }

  /** Nothing is kept any more. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#session = null;
    if (this.#saving !== null) await Promise.race([this.#saving, pause(LAST_MS, NEVER)]);
  }

  #save(): void {
    const session = this.#session;
    if (session === null || this.#saving !== null) return;
    const saving = this.#write(session)
      .catch(() => {})
      .then(() => {
        this.#saving = null;
      });
    this.#saving = saving;
  }

  async #write(session: DestinationSession): Promise<void> {
    for (let text = this.#differences.unsaved(); text !== null; text = this.#differences.unsaved()) {
      await session.noteDiffers(text);
      this.#differences.saved(text);
    }
    if (this.#now() - this.#countedAt < COUNT_MS) return;
    const count = this.#keys();
    this.#countedAt = this.#now();
    if (count === null || count === this.#count) return;
    await session.noteKeys(count);
    this.#count = count;
  }
}
