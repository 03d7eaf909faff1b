import type { CommandWriter } from "../redis/command-writer.ts";

/** What a destination takes, bytes. */
export type WriterBounds = {
  /** In one argument. */
  readonly maxBulkBytes: number;
  /** In one string, however it comes there. */
  readonly maxStringBytes: number;
};

/**
 * Passes on the commands that build one value, up to the first argument that the destination would not take: a server
 * closes the connection at such a one, so that nothing would ever come after it. What follows is let fall, and
 * `refused` says why: a value that lacks a part is not the value.
 */
export class BoundedWriter implements CommandWriter {
  /** What was too large; null while nothing was. */
  refused: string | null = null;
  readonly #out: CommandWriter;
  readonly #bounds: WriterBounds;
  /** Arguments of the command at hand, held until it is known that it may begin; null once it has. */
  #held: Uint8Array[] | null = [];
  #argc = 0;
  /** Arguments that are still to come. */
  #left = 0;
  /** Of the string that SET and APPEND build. */
  #stringBytes = 0;
  #builds = false;

  constructor(out: CommandWriter, bounds: WriterBounds) {
    this.#out = out;
    this.#bounds = bounds;
  }

  command(...args: readonly (Uint8Array | string | number)[]): void {
    this.begin(args.length);
    for (const arg of args) this.argument(arg);
  }

  begin(argc: number): void {
    this.#held = [];
    this.#argc = argc;
    this.#left = argc;
  }

  argument(value: Uint8Array | string | number): void {
    const bytes = value instanceof Uint8Array ? value : Buffer.from(String(value));
    if (!this.#takes(bytes.length)) return;
    if (this.#left === this.#argc)
      this.#builds = /^(SET|APPEND)$/.test(Buffer.from(bytes).toString("latin1"));
    this.#left--;
    if (this.#held === null) return this.#out.argument(bytes);
    this.#held.push(Buffer.from(bytes));
    if (this.#left === 0) this.#begin();
  }

  beginArgument(length: number): void {
    if (!this.#takes(length)) return;
    this.#left--;
    this.#begin();
    this.#out.beginArgument(length);
  }

  piece(bytes: Uint8Array): void {
    if (this.refused === null) this.#out.piece(bytes);
  }

  drain(): Promise<void> {
    return this.#out.drain();
  }

  #takes(length: number): boolean {
    if (this.refused !== null) return false;
    const { maxBulkBytes, maxStringBytes } = this.#bounds;
    // SET key value, APPEND key value
    if (this.#builds && this.#argc === 3 && this.#left === 1) this.#stringBytes += length;
    if (length <= maxBulkBytes && this.#stringBytes <= maxStringBytes) return true;
    this.refused =
      length > maxBulkBytes
        ? `an element of ${length} bytes, of which the destination takes ${maxBulkBytes}`
        : `a string of more than the ${maxStringBytes} bytes that the destination takes`;
    // A command that has begun must end.
    if (this.#held === null) for (; this.#left > 0; this.#left--) this.#out.argument("");
    this.#held = [];
    return false;
  }

  #begin(): void {
    if (this.#held === null) return;
    this.#out.begin(this.#argc);
    for (const bytes of this.#held) this.#out.argument(bytes);
    this.#held = null;
  }
}
