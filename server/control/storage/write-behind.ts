/**
 * Gathers writes that may be a second late and puts them down in one transaction, so that a hundred reports a
 * second cost one commit. While the disk fails they are kept and tried again with the next batch; past `limit`
 * the oldest go.
 */
export class WriteBehind {
  #waiting: (() => void)[] = [];
  #failing = false;
  readonly #transaction: (writes: () => void) => void;
  readonly #isPassing: (error: unknown) => boolean;
  readonly #onWritten: () => void;
  readonly #onDropped: (error: unknown) => void;
  readonly #limit: number;
  readonly #timer: NodeJS.Timeout;

  constructor(options: {
    transaction: (writes: () => void) => void;
    /** Whether what failed may succeed later: a disk that is full, not a row that is wrong. */
    isPassing: (error: unknown) => boolean;
    onWritten: () => void;
    /** A write that can never succeed is left out, so that it does not hold up the others. */
    onDropped: (error: unknown) => void;
    /** ms between two batches; 1000 when not given. */
    everyMs?: number;
    limit?: number;
  }) {
    this.#transaction = options.transaction;
    this.#isPassing = options.isPassing;
    this.#onWritten = options.onWritten;
    this.#onDropped = options.onDropped;
    this.#limit = options.limit ?? 20_000;
    this.#timer = setInterval(() => this.#put(), options.everyMs ?? 1_000);
    this.#timer.unref();
  }

  add(write: () => void): void {
    this.#waiting.push(write);
  }

  /** Puts down what waits, now: before a read that must see it. A disk that fails is left to the next batch. */
  flush(): void {
    if (!this.#failing) this.#put();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#put();
  }

  #put(): void {
    if (this.#waiting.length === 0) return;
    const batch = this.#waiting;
    this.#waiting = [];
    const error = this.#attempt(batch);
    this.#failing = error !== null && this.#isPassing(error.thrown);
    if (error === null) this.#onWritten();
    else if (this.#failing) this.#waiting = [...batch, ...this.#waiting].slice(-this.#limit);
    else this.#oneByOne(batch);
  }

  /** One of them is wrong: the others are put down without it. */
  #oneByOne(batch: readonly (() => void)[]): void {
    for (const [index, write] of batch.entries()) {
      const error = this.#attempt([write]);
      if (error === null) continue;
      if (this.#isPassing(error.thrown)) {
        this.#failing = true;
        this.#waiting = [...batch.slice(index), ...this.#waiting];
        return;
      }
      this.#onDropped(error.thrown);
    }
  }

  #attempt(batch: readonly (() => void)[]): { thrown: unknown } | null {
    try {
      this.#transaction(() => {
        for (const write of batch) write();
      });
      return null;
    } catch (thrown) {
      return { thrown };
    }
  }
}
