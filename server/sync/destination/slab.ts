export const SLAB_BYTES = 256 * 1024;

/** A buffer of commands on their way to the destination. */
export class Slab {
  readonly bytes: Buffer;
  /** Bytes written so far. */
  length = 0;
  /** Bytes handed to the socket so far. */
  flushed = 0;
  /** Index of the first command that begins in it, and how many do. */
  firstCommand = 0;
  commands = 0;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafeSlow(size);
  }
}
