import { segmentHeaderBytes } from "./segment-file.ts";

/** Buffers past the bound that a disk which is slow for a moment may cost before there is no room. */
const slack = 1;

/** The memory of a spool: buffers of one segment each, used again so that a busy spool makes no garbage. */
export class SegmentBuffers {
  readonly #segmentBytes: number;
  readonly #bound: number;
  readonly #spare: Buffer[] = [];
  #inUse = 0;
  #full = false;
  #roomWaiters: (() => void)[] = [];

  /** @param bound above this number of buffers segments should go to disk. */
  constructor(segmentBytes: number, bound: number) {
    this.#segmentBytes = segmentBytes;
    this.#bound = bound;
  }

  /** Bytes of data that the buffers in use can hold. */
  get bytes(): number {
    return this.#inUse * this.#segmentBytes;
  }

  get overBound(): boolean {
    return this.#inUse > this.#bound;
  }

  /** True from when more than the slack is in use until less than it is. */
  get full(): boolean {
    return this.#full;
  }

  whenRoom(): Promise<void> {
    if (!this.#full) return Promise.resolve();
    return new Promise((resolve) => this.#roomWaiters.push(resolve));
  }

  take(): Buffer {
    this.#inUse++;
    if (this.#inUse > this.#bound + slack) this.#full = true;
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(segmentHeaderBytes + this.#segmentBytes);
  }

  giveBack(buffer: Buffer): void {
    if (this.#inUse + this.#spare.length <= this.#bound) this.#spare.push(buffer);
    this.letGo();
  }

  /** One buffer is not in use any more, and must not be used again: somebody still looks at it. */
  letGo(): void {
    this.#inUse--;
    if (this.#full && this.#inUse < this.#bound + slack) this.#makeRoom();
  }

  /** Nobody waits for room any more. */
  close(): void {
    this.#spare.length = 0;
    this.#makeRoom();
  }

  #makeRoom(): void {
    this.#full = false;
    for (const resolve of this.#roomWaiters.splice(0)) resolve();
  }
}
