export interface StreamInput {
  /** The next bytes, without waiting; null when there are none. The view is valid until the next read. */
  tryRead(): Uint8Array | null;
  /** The next bytes; null when the stream has ended for good. */
  read(): Promise<Uint8Array | null>;
  /** Bytes that have come and not been read yet; `tryRead` may have to wait for the disk to give them. */
  readonly left: number;
  close(): void;
}

/**
 * Gives an applier its input without a promise for each chunk: it waits only when there is nothing to read, and
 * then for input or for whatever else wakes it.
 */
export class InputPump {
  /** The input has ended for good. */
  ended = false;
  /** How much of the chunk at hand has been consumed. */
  at = 0;
  readonly #input: StreamInput;
  #chunk: Uint8Array | null = null;
  #reading = false;
  #woken = false;
  #failure: unknown = null;
  /** Bytes taken in all, and how many are to be taken at the least. */
  #taken = 0;
  #limit = Number.POSITIVE_INFINITY;
  #wakeUp: (() => void) | null = null;

  constructor(input: StreamInput) {
    this.#input = input;
  }

  /** Nothing is at hand: it has not come yet, or is on its way back from the disk. */
  get empty(): boolean {
    return this.#chunk === null;
  }

  /** Nothing is at hand, and all that is wanted has been taken. */
  get drained(): boolean {
    return this.#chunk === null && (this.#enough || this.#input.left === 0);
  }

  get #enough(): boolean {
    return this.#taken >= this.#limit;
  }

  /** What comes from now on is not wanted any more. */
  limit(): void {
    this.#limit = Math.min(this.#limit, this.#taken + this.#input.left);
  }

  /** The chunk at hand, or the next one; null when there is none now. @throws what reading has failed with. */
  take(): Uint8Array | null {
    if (this.#failure !== null) throw this.#failure;
    if (this.#chunk === null && !this.#reading && !this.ended && !this.#enough)
      this.#got(this.#input.tryRead());
    this.#woken = false;
    return this.#chunk;
  }

  #got(chunk: Uint8Array | null): void {
    this.#chunk = chunk;
    this.at = 0;
    this.#taken += chunk?.length ?? 0;
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
    if (this.empty && !this.#reading && !this.ended && !this.#enough) this.#read();
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
        this.#got(chunk);
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
