import type { Lag } from "./shard-report.ts";

/** A heartbeat that is this late counts as lag that grows, ms: it is written once a second. */
const LATE_MS = 2500;

/**
 * How far the destination is behind, in bytes by the offsets and in seconds by the heartbeat. Nothing is said
 * before it has been measured.
 */
export class LagMeter {
  readonly #now: () => number;
  #applied: bigint | null = null;
  #known: bigint | null = null;
  #heartbeat = -1;
  #seconds: number | null = null;
  #problem: string | null = null;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The stream was begun anew: what was measured before says nothing about it. */
  reset(): void {
    this.#applied = null;
    this.#known = null;
    this.#heartbeat = -1;
    this.#seconds = null;
  }

  /** The source is known to have written up to this offset. */
  sourceAt(offset: bigint): void {
    if (this.#known === null || offset > this.#known) this.#known = offset;
  }

  /** @param heartbeatAt time of the newest heartbeat applied, ms; -1 for none. */
  applied(offset: bigint, heartbeatAt: number): void {
    this.#applied = offset;
    if (heartbeatAt < 0) return;
    this.#heartbeat = heartbeatAt;
    this.#seconds = Math.max(0, this.#now() - heartbeatAt) / 1000;
  }

  /** Why no heartbeat is written; null while it is. */
  setProblem(problem: string | null): void {
    this.#problem = problem;
  }

  get appliedOffset(): bigint | null {
    return this.#applied;
  }

  read(): Lag {
    const applied = this.#applied;
    const known = this.#known;
    const bytes = applied === null || known === null ? null : Number(known > applied ? known - applied : 0n);
    if (this.#seconds === null || this.#problem !== null) {
      return {
        bytes,
        seconds: null,
        secondsUnknownBecause: this.#problem ?? "no heartbeat has come through yet",
      };
    }
    const silent = this.#now() - this.#heartbeat;
    const seconds = silent > LATE_MS ? Math.max(this.#seconds, (silent - 1000) / 1000) : this.#seconds;
    return { bytes, seconds, secondsUnknownBecause: null };
  }
}
