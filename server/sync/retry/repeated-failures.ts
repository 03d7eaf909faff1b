/** What fails again only after this is not the same trouble any more, ms. */
const FORGOTTEN_MS = 10 * 60_000;
const FIRST_MS = 1000;
const MOST_MS = 5 * 60_000;
/** A wait that is worth a word, ms. */
const WORTH_MS = 4000;

/**
 * How long to wait before a shard is received anew because of a failure: not at all the first time, then 1 s, and twice
 * as long each time up to 5 min, as long as it is the same that fails.
 */
export class RepeatedFailures {
  readonly #now: () => number;
  #code = "";
  #count = 0;
  #until = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** What had failed has been done. */
  succeeded(): void {
    this.#count = 0;
  }

  /** @returns ms to wait, and what to say of it; "" where it is not worth a word. */
  failed(code: string): { readonly waitMs: number; readonly said: string } {
    const now = this.#now();
    this.#count = code === this.#code && now - this.#until < FORGOTTEN_MS ? this.#count + 1 : 1;
    this.#code = code;
    const waitMs = this.#count === 1 ? 0 : Math.min(MOST_MS, FIRST_MS * 2 ** (this.#count - 2));
    this.#until = now + waitMs;
    const seconds = Math.round(waitMs / 1000);
    const wait = seconds < 60 ? `${seconds} s` : `${Number((seconds / 60).toFixed(1))} min`;
    const said =
      waitMs < WORTH_MS ? "" : ` It has failed so ${this.#count} times: the next attempt is in ${wait}.`;
    return { waitMs, said };
  }
}
