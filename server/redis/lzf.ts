/**
 * LZF as Redis stores long strings in an RDB (redis: lzf_d.c). An instruction is a literal run of 1 to 32
 * bytes, or a copy of 3 to 264 bytes from at most 8192 bytes back. Every read and write is bounded, since
 * the input may be broken.
 */

/** How far back a copy may reach. */
const HISTORY = 8192;

/** An output byte costs at least 3/264 input bytes: no honest length is more than this many times its input. */
export const LZF_MAX_RATIO = 88;

/**
 * Decompresses `input[from, to)` to `output[at, at + length)`.
 * @returns false when the input is broken or does not give exactly `length` bytes.
 */
export function lzfDecompress(
  input: Uint8Array,
  from: number,
  to: number,
  output: Uint8Array,
  at: number,
  length: number,
): boolean {
  let read = from;
  let write = at;
  const end = at + length;
  if (end > output.length) return false;
  while (read < to) {
    const control = input[read++]!;
    if (control < 32) {
      const run = control + 1;
      if (read + run > to || write + run > end) return false;
      for (const stop = read + run; read < stop; ) output[write++] = input[read++]!;
      continue;
    }
    let copy = (control >> 5) + 2;
    if (copy === 9) {
      if (read >= to) return false;
      copy += input[read++]!;
    }
    if (read >= to) return false;
    let source = write - ((control & 31) << 8) - input[read++]! - 1;
    if (source < at || write + copy > end) return false;
    for (const stop = write + copy; write < stop; ) output[write++] = output[source++]!;
  }
  return write === end;
}

/**
 * Decompresses a string of any length piece by piece, with 8 KB of history: what goes in are slices of the
 * compressed bytes in order, what comes out are pieces of at most 64 KB.
 */
export class LzfStream {
  readonly #output = new Uint8Array(HISTORY + 65_536);
  /** Decompressed bytes that are still to come. */
  #missing: number;
  /** `#output[0, #history)` has been handed out and is kept for copies. */
  #history = 0;
  #write = 0;

  constructor(length: number) {
    this.#missing = length;
  }

  /** Decompressed bytes that are still to come; 0 once the string is whole. */
  get missing(): number {
    return this.#missing;
  }

  /**
   * Takes whole instructions from `input[from, to)` and gives the decompressed pieces to `sink`; a piece is
   * valid during the call only.
   * @returns how many bytes were taken; an instruction (at most 33 bytes) that is cut off at `to` is left. -1 when the input is broken.
   */
  push(input: Uint8Array, from: number, to: number, sink: (piece: Uint8Array) => void): number {
    const output = this.#output;
    let read = from;
    while (read < to) {
      if (this.#write + 264 > output.length) this.#hand(sink);
      const control = input[read]!;
      if (control < 32) {
        const run = control + 1;
        if (run > this.#missing) return -1;
        if (read + 1 + run > to) break;
        output.set(input.subarray(read + 1, read + 1 + run), this.#write);
        read += 1 + run;
        this.#write += run;
        this.#missing -= run;
        continue;
      }
      const long = control >= 0xe0;
      const size = long ? 3 : 2;
      if (read + size > to) break;
      const copy = (control >> 5) + 2 + (long ? input[read + 1]! : 0);
      let source = this.#write - ((control & 31) << 8) - input[read + size - 1]! - 1;
      if (source < 0 || copy > this.#missing) return -1;
      let write = this.#write;
      for (const stop = write + copy; write < stop; ) output[write++] = output[source++]!;
      read += size;
      this.#write = write;
      this.#missing -= copy;
    }
    if (this.#missing === 0) this.#hand(sink);
    return read - from;
  }

  #hand(sink: (piece: Uint8Array) => void): void {
    if (this.#write > this.#history) sink(this.#output.subarray(this.#history, this.#write));
    const keep = Math.min(HISTORY, this.#write);
    this.#output.copyWithin(0, this.#write - keep, this.#write);
    this.#history = keep;
    this.#write = keep;
  }
}
