import type { HeldShard, HoldDecision } from "./shard-report.ts";

/**
 * A shard sync that holds before it removes keys, and the decision that ends that. One decision is for one hold: what
 * is decided while nothing is held is not heard.
 */
export class Hold {
  readonly #now: () => number;
  readonly #onChange: () => void;
  #held: HeldShard | null = null;
  #decide: ((decision: HoldDecision) => void) | null = null;

  constructor(now: () => number, onChange: () => void) {
    this.#now = now;
    this.#onChange = onChange;
  }

  get held(): HeldShard | null {
    return this.#held;
  }

  decide(decision: HoldDecision): void {
    this.#decide?.(decision);
  }

  /**
   * Holds until something is decided, or at most `ms`.
   * @returns null after that time, or when `signal` is aborted: the hold is still shown until `end`.
   */
  async wait(
    what: Omit<HeldShard, "since">,
    signal: AbortSignal,
    ms = Number.POSITIVE_INFINITY,
  ): Promise<HoldDecision | null> {
    const before = this.#held;
    const since = before?.code === what.code ? before.since : this.#now();
    this.#held = { ...what, since };
    this.#onChange();
    return await new Promise((resolve) => {
      const timer = Number.isFinite(ms) ? setTimeout(() => done(null), ms) : null;
      const aborted = () => done(null);
      const done = (decision: HoldDecision | null) => {
        if (timer !== null) clearTimeout(timer);
        signal.removeEventListener("abort", aborted);
        this.#decide = null;
        resolve(decision);
      };
      this.#decide = done;
      if (signal.aborted) done(null);
      else signal.addEventListener("abort", aborted);
    });
  }

  end(): void {
    if (this.#held === null) return;
    this.#held = null;
    this.#onChange();
  }
}
