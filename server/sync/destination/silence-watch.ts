/** What a connection has done so far; all numbers but `unanswered` and `bytesWaiting` only grow. */
export type Traffic = {
  /** Commands that have been sent whole and are not answered. */
  readonly unanswered: number;
  readonly bytesRead: number;
  /** Bytes that the kernel has accepted for sending, and those that wait for it to do so. */
  readonly bytesAccepted: number;
  readonly bytesWaiting: number;
};

/**
 * Tells a peer that is slow from one that is gone: one that owes an answer, sends no byte, and takes none of
 * those that wait for it. Bytes that a kernel takes without delay prove nothing: it fills its own buffer.
 */
export class SilenceWatch {
  readonly #everyMs: number;
  #last: Traffic | null = null;
  #lookedAt: number;
  #silentMs = 0;

  /** @param everyMs about how often `look` will be called. @param now ms since any fixed time. */
  constructor(everyMs: number, now: number) {
    this.#everyMs = everyMs;
    this.#lookedAt = now;
  }

  /** @returns for how many ms the peer has been silent. A process that was suspended does not count that time. */
  look(traffic: Traffic, now: number): number {
    const last = this.#last;
    const passed = Math.max(0, Math.min(now - this.#lookedAt, 2 * this.#everyMs));
    this.#lookedAt = now;
    this.#last = traffic;
    const owes = traffic.unanswered > 0 || traffic.bytesWaiting > 0;
    const owedBefore = last !== null && (last.unanswered > 0 || last.bytesWaiting > 0);
    const moved =
      last !== null &&
      (traffic.bytesRead !== last.bytesRead ||
        (last.bytesWaiting > 0 && traffic.bytesAccepted !== last.bytesAccepted));
    this.#silentMs = owes && owedBefore && !moved ? this.#silentMs + passed : 0;
    return this.#silentMs;
  }
}
