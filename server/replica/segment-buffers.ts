import { segmentHeaderBytes } from "./segment-file.ts";

/** The buffers of a spool's segments, used again so that a busy spool makes no garbage. */
export class SegmentBuffers {
  readonly #segmentBytes: number;
  readonly #keep: number;
  readonly #spare: Buffer[] = [];
  #inUse = 0;

  /** @param keep as many are held on to, those in use included. */
  constructor(segmentBytes: number, keep: number) {
    this.#segmentBytes = segmentBytes;
    this.#keep = keep;
  }

  get inUse(): number {
    return this.#inUse;
  }

  take(): Buffer {
    this.#inUse++;
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(segmentHeaderBytes + this.#segmentBytes);
  }

  giveBack(buffer: Buffer): void {
    this.#inUse--;
    if (this.#inUse + this.#spare.length < this.#keep) this.#spare.push(buffer);
  }

  clear(): void {
    this.#spare.length = 0;
  }
}
