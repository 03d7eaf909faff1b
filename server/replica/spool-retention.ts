/**
 * How much of what has been applied a spool keeps. A margin is kept as long as it costs nothing but memory; what
 * may have to be read again, since the destination could go back behind it, is worth a place on disk, up to a
 * bound.
 */
export class SpoolRetention {
  readonly #marginBytes: number;
  readonly #keepBytes: number;
  #applied = 0;
  #keepFrom = 0;

  constructor(marginBytes: number, keepBytes: number) {
    this.#marginBytes = marginBytes;
    this.#keepBytes = keepBytes;
  }

  /** What lies before `upTo` has been applied; from `keepFrom` on it may have to be read again. */
  release(upTo: number, keepFrom: number): void {
    this.#applied = upTo;
    this.#keepFrom = Math.min(keepFrom, upTo);
  }

  /** What comes after `position` is read again: it is not applied any more. */
  readFrom(position: number): void {
    this.release(Math.min(this.#applied, position), this.#keepFrom);
  }

  /** What lies before this position can go. */
  get dropTo(): number {
    const kept = Math.max(this.#keepFrom, this.#applied - this.#keepBytes);
    return Math.min(kept, this.#applied - this.#marginBytes);
  }

  /** What ends at `end` has been applied: room for what has not comes first. */
  spare(end: number): boolean {
    return end <= this.#applied;
  }

  /** What ends at `end` is not worth a write to the disk. */
  margin(end: number): boolean {
    return end <= this.#keepFrom || end <= this.#applied - this.#keepBytes;
  }
}
