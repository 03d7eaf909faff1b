/**
 * Gathers writes that may be a second late and puts them down in one transaction, so that a hundred reports a
 * second cost one commit. A write that fails is tried again with the next batch; past `limit` the oldest go.
 */
export class WriteBehind {
  #waiting: (() => void)[] = [];
  readonly #transaction: (writes: () => void) => void;
  readonly #onFailure: (error: unknown) => void;
  readonly #limit: number;
  readonly #timer: NodeJS.Timeout;

  constructor(options: {
    transaction: (writes: () => void) => void;
    onFailure: (error: unknown) => void;
    /** ms between two batches; 1000 when not given. */
    everyMs?: number;
    limit?: number;
  }) {
    this.#transaction = options.transaction;
    this.#onFailure = options.onFailure;
    this.#limit = options.limit ?? 20_000;
    this.#timer = setInterval(() => this.flush(), options.everyMs ?? 1_000);
    this.#timer.unref();
  }

  add(write: () => void): void {
    this.#waiting.push(write);
  }

  /** Puts down what waits, now: before a read that must see it, and at the end. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    const batch = this.#waiting;
    this.#waiting = [];
    try {
      this.#transaction(() => {
        for (const write of batch) write();
      });
    } catch (error) {
      this.#waiting = batch.slice(-this.#limit);
      this.#onFailure(error);
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.flush();
  }
}
