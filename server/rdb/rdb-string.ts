import { LZF_MAX_RATIO, LzfStream, lzfDecompress } from "../redis/lzf.ts";
import type { RdbInput } from "./rdb-input.ts";
import { integerAt, writeInteger } from "./rdb-key.ts";
import { countAt, lengthAt } from "./rdb-length.ts";

/** Compressed bytes that are decompressed at one go: they become at most 88 times as many. */
const LZF_STEP = 4096;
const SCRATCH_KEPT = 262_144;
const empty = new Uint8Array(0);

/**
 * One string at an input, wherever in a value: raw, an integer or LZF-compressed. A short one is held as
 * `bytes[start, end)`, valid until the input is read again; a long one stays at the input, to be piped.
 */
export class RdbString {
  bytes: Uint8Array = empty;
  start = 0;
  end = 0;
  /** The length of a string that is not held and is to be piped or passed next; -1 when it is held. */
  streamed = -1;
  /** Length of its compressed form at the input; -1 when it is raw. */
  #compressed = -1;
  readonly #digits: Uint8Array = Buffer.allocUnsafe(20);
  #scratch: Uint8Array = empty;

  /** Reads the next string; one longer than `hold` bytes is left to be piped. */
  async read(input: RdbInput, hold: number): Promise<void> {
    const length = input.takeNow(lengthAt) ?? (await input.take(lengthAt));
    if (length >= 0) return this.#raw(input, length, hold);
    const kind = -1 - length;
    if (kind < 3) return this.#integer(input, kind);
    if (kind > 3) throw input.corrupt(`there is no string encoding ${kind}`);
    return this.#lzf(input, hold);
  }

  /** Gives a string that is not held to `sink` in pieces, valid during the call only; `drain` is awaited between them. */
  async pipe(input: RdbInput, sink: (piece: Uint8Array) => void, drain: () => Promise<void>): Promise<void> {
    const length = this.streamed;
    this.streamed = -1;
    if (this.#compressed >= 0) return this.#pipeLzf(input, length, sink, drain);
    for (let left = length; left > 0; ) {
      if (input.pos === input.end) await input.fill(1);
      const here = Math.min(left, input.end - input.pos);
      sink(input.buffer.subarray(input.pos, input.pos + here));
      input.pos += here;
      left -= here;
      await drain();
    }
  }

  /** Reads the next string and forgets it, however long it is. */
  async pass(input: RdbInput): Promise<void> {
    await this.read(input, 0);
    await this.drop(input);
  }

  /** Passes a string that is not held. */
  async drop(input: RdbInput): Promise<void> {
    if (this.streamed < 0) return;
    await input.skip(this.#compressed >= 0 ? this.#compressed : this.streamed);
    this.streamed = -1;
  }

  #raw(input: RdbInput, length: number, hold: number): Promise<void> | undefined {
    if (length > 2 ** 48) throw input.corrupt(`the length ${length} is impossible`);
    this.#compressed = -1;
    if (length > hold) {
      this.streamed = length;
      return undefined;
    }
    if (input.end - input.pos < length) return input.fill(length).then(() => this.#here(input, length));
    this.#here(input, length);
    return undefined;
  }

  #here(input: RdbInput, length: number): void {
    this.#hold(input.buffer, input.pos, input.pos + length);
    input.pos += length;
  }

  async #integer(input: RdbInput, kind: number): Promise<void> {
    const size = 1 << kind;
    if (input.end - input.pos < size) await input.fill(size);
    const value = integerAt(input.buffer, input.pos, kind);
    this.#hold(this.#digits, 0, writeInteger(value, this.#digits));
    input.pos += size;
  }

  async #lzf(input: RdbInput, hold: number): Promise<void> {
    const began = input.position;
    const compressed = await input.take(countAt);
    const length = await input.take(countAt);
    if (length > compressed * LZF_MAX_RATIO) {
      throw input.corrupt("a compressed string states too great a length", began);
    }
    this.#compressed = compressed;
    if (length > hold || compressed > hold) {
      this.streamed = length;
      return;
    }
    if (input.end - input.pos < compressed) await input.fill(compressed);
    if (this.#scratch.length < length || this.#scratch.length > SCRATCH_KEPT) {
      this.#scratch = new Uint8Array(Math.max(length, 1024));
    }
    const stop = input.pos + compressed;
    if (!lzfDecompress(input.buffer, input.pos, stop, this.#scratch, 0, length)) {
      throw input.corrupt("a compressed string does not have its stated length", began);
    }
    this.#hold(this.#scratch, 0, length);
    input.pos = stop;
  }

  async #pipeLzf(
    input: RdbInput,
    length: number,
    sink: (piece: Uint8Array) => void,
    drain: () => Promise<void>,
  ): Promise<void> {
    const began = input.position;
    const stream = new LzfStream(length);
    let left = this.#compressed;
    while (left > 0) {
      const step = Math.min(left, LZF_STEP);
      if (input.end - input.pos < step) await input.fill(step);
      const taken = stream.push(input.buffer, input.pos, input.pos + step, sink);
      if (taken <= 0) break;
      input.pos += taken;
      left -= taken;
      await drain();
    }
    if (left > 0 || stream.missing > 0) {
      throw input.corrupt("a compressed string does not have its stated length", began);
    }
  }

  #hold(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.streamed = -1;
  }
}
