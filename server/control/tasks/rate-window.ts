/** Counters that only grow while a process lives. */
export type Counters = {
  readonly commands: number | null;
  readonly bytes: number | null;
  readonly rdbBytes: number | null;
  readonly keys: number | null;
};

type Point = Counters & { readonly at: number };

/** Rates over the last seconds: two neighboring reports alone would flicker with the timer's jitter. */
export class RateWindow {
  #points: Point[] = [];
  readonly #lengthMs: number;

  constructor(lengthMs = 4_000) {
    this.#lengthMs = lengthMs;
  }

  add(at: number, counters: Counters): void {
    this.#points.push({ at, ...counters });
    while (this.#points.length > 2 && at - this.#points[1]!.at >= this.#lengthMs) this.#points.shift();
  }

  clear(): void {
    this.#points = [];
  }

  /** Per second; null until two reports are known, or after a counter began anew. */
  rate(counter: keyof Counters): number | null {
    const first = this.#points[0];
    const last = this.#points[this.#points.length - 1];
    if (first === undefined || last === undefined || last.at - first.at < 200) return null;
    const from = first[counter];
    const to = last[counter];
    if (from === null || to === null || to < from) return null;
    return ((to - from) * 1000) / (last.at - first.at);
  }
}
