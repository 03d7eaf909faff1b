import type { StreamBatch } from "./stream-batch.ts";

/** The transactions that the destination has not answered for: one whose EXEC has been sent, and the next. */
export class BatchesInFlight {
  /** Its commands are being queued. */
  open: StreamBatch | null = null;
  /** Its EXEC is not answered. */
  executing: StreamBatch | null = null;
  /** A state of the destination to wait for, or a broken conversation; the link is then of no more use. */
  failure: Error | null = null;

  /** The first failure counts. */
  fail(failure: Error | null): void {
    this.failure ??= failure;
  }

  /** The one that the next answer belongs to. */
  get answering(): StreamBatch | null {
    return this.executing ?? this.open;
  }

  /** True when nothing waits for an answer. */
  get idle(): boolean {
    return this.open === null && this.executing === null;
  }

  /**
   * The open one when its EXEC may be sent: when the one before has been answered, so that a discarded transaction is
   * never overtaken, and the guard has.
   */
  get closable(): StreamBatch | null {
    return this.executing === null && this.open?.guardReplies === 0 ? this.open : null;
  }

  /** EXEC of the open one has been sent. */
  executed(): void {
    const batch = this.open;
    if (batch !== null) batch.executed = true;
    this.executing = batch;
    this.open = null;
  }
}
