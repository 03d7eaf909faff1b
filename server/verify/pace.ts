import { pause } from "../sync/retry/pause.ts";

/** What may be read in a second. They can be changed while a verification runs. */
export type PaceLimits = { keysPerSecond: number; bytesPerSecond: number };

/** Holds reading back to a number of keys and bytes in a second. */
export class Pace {
  readonly limits: PaceLimits;
  readonly #now: () => number;
  readonly #signal: AbortSignal;
  /** When what was taken so far will have been paid for, ms. */
  #freeAt = 0;
  #paused: Promise<void> | null = null;
  #resume: () => void = () => {};

  /** @param limits read again at each step. @param now in ms. */
  constructor(limits: PaceLimits, now: () => number, signal: AbortSignal) {
    this.limits = limits;
    this.#now = now;
    this.#signal = signal;
  }

  /** Resolves when so much more may be read. */
  async take(keys: number, bytes: number): Promise<void> {
    if (this.#paused !== null) await this.#paused;
    const { keysPerSecond, bytesPerSecond } = this.limits;
    const cost = Math.max((keys / keysPerSecond) * 1000, (bytes / bytesPerSecond) * 1000);
    if (cost === 0) return;
    const now = this.#now();
    const wait = Math.max(0, this.#freeAt - now);
    this.#freeAt = Math.max(this.#freeAt, now) + cost;
    if (wait > 0) await pause(wait, this.#signal);
  }

  /** Nothing more is taken until `resume`. */
  pause(): void {
    this.#paused ??= new Promise((resolve) => {
      this.#resume = resolve;
    });
    this.#signal.addEventListener("abort", () => this.resume(), { once: true });
  }

  resume(): void {
    this.#resume();
    this.#paused = null;
  }
}
