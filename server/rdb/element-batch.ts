import type { RdbString } from "./rdb-string.ts";
import type { ValueWriting } from "./value-writing.ts";

const INITIAL_BYTES = 512;

/**
 * The elements of a collection on their way into commands such as `HSET key field value …`: at most
 * `chunkElements` elements or `chunkBytes` bytes go into one; an element above that goes alone, and one that
 * is not in memory is passed on in pieces.
 */
export class ElementBatch {
  readonly #writing: ValueWriting;
  readonly #name: string;
  /** Arguments that make one element: 1 for RPUSH, 2 for HSET. */
  readonly #size: number;
  #bytes: Uint8Array = Buffer.allocUnsafe(INITIAL_BYTES);
  /** Where each waiting argument ends in `#bytes`. */
  readonly #ends: number[] = [];
  /** Arguments that a command already begun still wants. */
  #open = 0;
  #sinceDrain = 0;

  constructor(writing: ValueWriting, name: string, size: number) {
    this.#writing = writing;
    this.#name = name;
    this.#size = size;
  }

  /** Adds the argument `bytes[start, end)`, which is copied. */
  add(bytes: Uint8Array, start: number, end: number): void {
    const { out, chunkBytes, chunkElements } = this.#writing;
    const length = end - start;
    this.#sinceDrain += length + 8;
    if (this.#open > 0) {
      out.argument(bytes.subarray(start, end));
      this.#open--;
      return;
    }
    if (length > chunkBytes) {
      this.#beginAlone();
      out.argument(bytes.subarray(start, end));
      return;
    }
    const used = this.#ends.at(-1) ?? 0;
    const elements = this.#ends.length / this.#size;
    if (elements >= chunkElements || (elements >= 1 && used + length > chunkBytes)) this.#writeWhole();
    const at = this.#ends.at(-1) ?? 0;
    if (at + length > this.#bytes.length) this.#grow(at, length);
    this.#bytes.set(bytes.subarray(start, end), at);
    this.#ends.push(at + length);
  }

  /** Adds a string that `string` has met and does not hold, in pieces. */
  async addStreamed(string: RdbString): Promise<void> {
    const { input, out } = this.#writing;
    if (this.#open > 0) this.#open--;
    else this.#beginAlone();
    out.beginArgument(string.streamed);
    await string.pipe(
      input,
      (piece) => out.piece(piece),
      () => this.#writing.drain(),
    );
  }

  /** To be called after each element: a promise when it is time to wait for the destination. */
  settle(): Promise<void> | undefined {
    if (this.#sinceDrain < this.#writing.chunkBytes) return undefined;
    this.#sinceDrain = 0;
    return this.#writing.drain();
  }

  /** Writes what waits. */
  flush(): void {
    this.#writeWhole();
  }

  /** Starts a command for one element only, whose next argument is about to follow. */
  #beginAlone(): void {
    this.#writeWhole();
    const { out, key } = this.#writing;
    const waiting = this.#ends.length;
    out.begin(2 + this.#size);
    out.argument(this.#name);
    out.argument(key);
    for (let index = 0, from = 0; index < waiting; index++) {
      out.argument(this.#bytes.subarray(from, this.#ends[index]!));
      from = this.#ends[index]!;
    }
    this.#ends.length = 0;
    this.#open = this.#size - waiting - 1;
  }

  /** Writes the whole elements that wait in one command; the arguments of a part of one stay. */
  #writeWhole(): void {
    const count = this.#ends.length - (this.#ends.length % this.#size);
    if (count === 0) return;
    const { out, key } = this.#writing;
    out.begin(2 + count);
    out.argument(this.#name);
    out.argument(key);
    let from = 0;
    for (let index = 0; index < count; index++) {
      out.argument(this.#bytes.subarray(from, this.#ends[index]!));
      from = this.#ends[index]!;
    }
    this.#bytes.copyWithin(0, from, this.#ends.at(-1)!);
    const rest = this.#ends.slice(count).map((end) => end - from);
    this.#ends.length = 0;
    this.#ends.push(...rest);
  }

  #grow(used: number, length: number): void {
    const bytes = new Uint8Array(Math.max(this.#bytes.length * 2, used + length));
    bytes.set(this.#bytes.subarray(0, used));
    this.#bytes = bytes;
  }
}
