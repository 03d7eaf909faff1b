/** Thrown where what stands in the way was given up by the user: the candidates that are left stay. */
export class GiveUp extends Error {}

/** What a reconcile that cannot go on says, and hears. */
export type Blocked = {
  /** What is waited for has not moved for long. @throws GiveUp where the user does not want to wait for it. */
  readonly by: (why: string) => void;
  /** It has moved. */
  readonly over: () => void;
  /** ms that something may stay as it is before that is said. */
  readonly afterMs: number;
};

/** Waits as long as it takes, and says so once what is waited for has not moved for a time. */
export class Patience {
  readonly #now: () => number;
  readonly #blocked: Blocked;
  #seen: string | null = null;
  #since: number;
  #reported = false;

  constructor(now: () => number, blocked: Blocked) {
    this.#now = now;
    this.#blocked = blocked;
    this.#since = now();
  }

  /** @param state of what is waited for. @throws GiveUp when it has been the same for long and is not to be waited for. */
  watch(state: string, why: string): void {
    if (state !== this.#seen) {
      this.#seen = state;
      this.#since = this.#now();
      this.over();
    } else if (this.#now() - this.#since > this.#blocked.afterMs) {
      this.#reported = true;
      this.#blocked.by(why);
    }
  }

  /** It is here: nothing is waited for any more. */
  over(): void {
    if (!this.#reported) return;
    this.#reported = false;
    this.#blocked.over();
  }
}
