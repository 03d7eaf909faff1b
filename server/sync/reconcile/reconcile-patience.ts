/** Thrown where nothing can be said of the candidates that are left: they stay. */
export class GiveUp extends Error {}

/** Waits as long as what is waited for moves: `LIMIT_MS` without a change are too long. */
export class Patience {
  readonly #now: () => number;
  readonly #limitMs: number;
  #seen: string | null = null;
  #since: number;

  constructor(now: () => number, limitMs = 60_000) {
    this.#now = now;
    this.#limitMs = limitMs;
    this.#since = now();
  }

  /** @param state of what is waited for. @throws GiveUp with `why` when it has been the same for too long. */
  watch(state: string, why: string): void {
    if (state !== this.#seen) {
      this.#seen = state;
      this.#since = this.#now();
    } else if (this.#now() - this.#since > this.#limitMs) {
      throw new GiveUp(why);
    }
  }
}
