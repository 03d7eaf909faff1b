export interface StreamInput {
  /** The next bytes, without waiting; null when there are none. The view is valid until the next read. */
  tryRead(): Uint8Array | null;
  /** The next bytes; null when the stream has ended for good. */
  read(): Promise<Uint8Array | null>;
  close(): void;
}

/**
 * Gives a stage its input without a promise for each chunk: it waits only when there is nothing to read, and
 * then for input or for whatever else wakes the stage.
 */
export class InputPump {
  /** The input had nothing more to give at the last `take`. */
  drained = false;
  /** The input has ended for good. */
  ended = false;
  /** How much of the chunk at hand has been consumed. */
  at = 0;
  readonly #input: StreamInput;
  #chunk: Uint8Array | null = null;
  #reading = false;
  #woken = false;
  #failure: unknown = null;
  #wakeUp: (() => void) | null = null;

  constructor(input: StreamInput) {
    this.#input = input;
  }

  /** The chunk at hand, or the next one; null when there is none now. @throws what reading has failed with. */
  take(): Uint8Array | null {
    if (this.#failure !== null) throw this.#failure;
    if (this.#chunk === null && !this.#reading && !this.ended) {
      this.#chunk = this.#input.tryRead();
      this.at = 0;
    }
    this.#woken = false;
    this.drained = this.#chunk === null;
    return this.#chunk;
  }

  /** Notes how far the chunk at hand has been consumed; it is given again until that is all of it. */
  consumedTo(at: number): void {
    this.at = at;
    if (this.#chunk !== null && at >= this.#chunk.length) this.#chunk = null;
  }

  close(): void {
    this.#input.close();
  }

  readonly wake = (): void => {
    this.#woken = true;
    const wakeUp = this.#wakeUp;
    this.#wakeUp = null;
    wakeUp?.();
  };

  /** Resolves when there is input (if there was none) or at the next wake. */
  async wait(): Promise<void> {
    if (this.drained && !this.#reading && !this.ended) this.#read();
    if (this.#woken) return;
    await new Promise<void>((resolve) => {
      this.#wakeUp = resolve;
    });
  }

  #read(): void {
    this.#reading = true;
    this.#input.read().then(
      (chunk) => {
        this.#reading = false;
        this.#chunk = chunk;
        this.at = 0;
        this.ended = chunk === null;
        this.wake();
      },
      (error: unknown) => {
        this.#reading = false;
        this.#failure = error;
        this.wake();
      },
    );
  }
}
