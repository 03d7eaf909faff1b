import { pause } from "./pause.ts";

const FIRST_MS = 250;
const MOST_MS = 10_000;

/** Waits between attempts: 0.25 s, doubled each time up to 10 s or `mostMs`, and from the start again after a success. */
export class Backoff {
  readonly #mostMs: number;
  #next = FIRST_MS;

  constructor(mostMs = MOST_MS) {
    this.#mostMs = mostMs;
  }

  reset(): void {
    this.#next = FIRST_MS;
  }

  /** Resolves after the wait, or at once when the signal is aborted. */
  async wait(signal: AbortSignal): Promise<void> {
    const wait = this.#next;
    this.#next = Math.min(2 * wait, this.#mostMs);
    await pause(wait, signal);
  }
}
