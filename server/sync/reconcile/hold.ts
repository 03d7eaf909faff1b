import type { HeldShard, HoldDecision } from "../report/shard-report.ts";

/**
 * A shard sync that holds before it removes keys, and the decision that ends that. One decision is for one hold: what
 * is decided while nothing is held is not heard.
 */
export class Hold {
  readonly #now: () => number;
  readonly #onChange: () => void;
  #held: HeldShard | null = null;
  #decision: HoldDecision | null = null;
  #wake: () => void = () => {};
  /** The user has said for the present re-sync that the shard is to be followed: an attempt after this one goes by it. */
  following = false;
  /** The shard was flushed, and the task follows that: every attempt at the re-sync goes by it. */
  flushed = false;
  /** The user has asked for the present re-sync: what was decided at one before says nothing. */
  asked = false;

  constructor(now: () => number, onChange: () => void) {
    this.#now = now;
    this.#onChange = onChange;
  }

  get held(): HeldShard | null {
    return this.#held;
  }

  decide(decision: HoldDecision): void {
    if (this.#held === null) return;
    this.#decision = decision;
    this.#wake();
  }

  /** Says what is held from now on. @returns whether that is new. */
  begin(what: Omit<HeldShard, "since">): boolean {
    const before = this.#held;
    const same = before?.code === what.code;
    this.#held = { ...what, since: same ? before!.since : this.#now() };
    if (!same) this.#decision = null;
    if (before?.waitsFor !== what.waitsFor) this.#onChange();
    return !same;
  }

  /** What has been decided since `begin`; null while nothing has. */
  get decision(): HoldDecision | null {
    return this.#decision;
  }

  /** Waits for a decision, at most `ms`. @returns null after that time, or when `signal` is aborted. */
  async decided(signal: AbortSignal, ms = Number.POSITIVE_INFINITY): Promise<HoldDecision | null> {
    if (this.#decision !== null || signal.aborted) return this.#decision;
    await new Promise<void>((resolve) => {
      const timer = Number.isFinite(ms) ? setTimeout(() => done(), ms) : null;
      const done = () => {
        if (timer !== null) clearTimeout(timer);
        signal.removeEventListener("abort", done);
        this.#wake = () => {};
        resolve();
      };
      this.#wake = done;
      signal.addEventListener("abort", done);
    });
    return this.#decision;
  }

  /** The re-sync is done: the next one is another matter. */
  finished(): void {
    this.following = false;
    this.flushed = false;
    this.asked = false;
    this.end();
  }

  end(): void {
    this.#decision = null;
    if (this.#held === null) return;
    this.#held = null;
    this.#onChange();
  }
}
