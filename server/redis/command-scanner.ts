import { TributaryError } from "../errors/tributary-error.ts";

const CR = 13;
const LF = 10;
const DIGIT_0 = 48;
const DIGIT_9 = 57;
const ASTERISK = 42;
const DOLLAR = 36;
const MINUS = 45;

/** Arguments whose places are noted; a command may have more, which are only walked over. */
export const NOTED_ARGUMENTS = 16;
/** proto-max-bulk-len may be raised, but a stated length past this is taken for a broken stream. */
export const MAX_BULK = 4 * 1024 * 1024 * 1024;
export const MAX_ARGUMENTS = 1024 * 1024 * 1024;
/** Digits of either. */
export const MAX_DIGITS = 10;

/**
 * Finds where one RESP command (`*<argc>` and bulk strings) ends and where its first arguments lie, without
 * making an object: the caller reads the fields after each `scan`. One scanner serves one stream.
 *
 * redis: networking.c processMultibulkBuffer
 */
export class CommandScanner {
  /** Arguments of the command scanned last. */
  argc = 0;
  /** How many of the arguments have been found so far; equals argc when the command is whole. */
  seen = 0;
  /** Start and end of the first NOTED_ARGUMENTS arguments, in the buffer given to `scan`. */
  readonly starts = new Float64Array(NOTED_ARGUMENTS);
  readonly ends = new Float64Array(NOTED_ARGUMENTS);
  /** After an incomplete scan: where the walk stopped, and how many bytes the argument at hand still lacks. */
  missing = 0;

  readonly #role: string;

  constructor(role: string) {
    this.#role = role;
  }

  /**
   * @returns the position after the command that starts at `from`, or -1 when `bytes` ends before it does.
   * @throws TributaryError SOURCE_PROTOCOL when the bytes are not a command; `details.at` is the place of the first
   * wrong byte, counted from the command's first.
   */
  scan(bytes: Uint8Array, from: number, end: number): number {
    this.argc = 0;
    this.seen = 0;
    this.missing = 0;
    if (from >= end) return -1;
    this.#from = from;
    if (bytes[from] !== ASTERISK) throw this.#broken(bytes, from, end, "'*'");
    // A command of no arguments, or of fewer, is none (redis: networking.c processMultibulkBuffer).
    const negative = bytes[from + 1] === MINUS && from + 1 < end;
    let position = this.#integerLine(bytes, from + (negative ? 2 : 1), end, MAX_ARGUMENTS);
    if (position < 0) return -1;
    const argc = negative ? 0 : this.#value;
    this.argc = argc;
    for (let index = 0; index < argc; index++) {
      if (position >= end) return -1;
      if (bytes[position] !== DOLLAR) throw this.#broken(bytes, position, end, "'$'");
      position = this.#integerLine(bytes, position + 1, end, MAX_BULK);
      if (position < 0) return -1;
      const stop = position + this.#value;
      if (index < NOTED_ARGUMENTS) {
        this.starts[index] = position;
        this.ends[index] = stop;
      }
      position = stop + 2;
      if (position > end) {
        this.missing = position - end;
        return -1;
      }
      if (bytes[stop] !== CR) throw this.#broken(bytes, stop, end, "CRLF");
      if (bytes[stop + 1] !== LF) throw this.#broken(bytes, stop + 1, end, "LF");
      this.seen = index + 1;
    }
    return position;
  }

  #value = 0;
  /** Where the command at hand begins. */
  #from = 0;

  /** Reads digits up to CRLF into #value; returns the position after it, -1 when the line is not whole. */
  #integerLine(bytes: Uint8Array, from: number, end: number, max: number): number {
    let value = 0;
    let position = from;
    while (position < end) {
      const byte = bytes[position]!;
      if (byte >= DIGIT_0 && byte <= DIGIT_9) {
        value = value * 10 + (byte - DIGIT_0);
        if (value > max || position - from >= MAX_DIGITS)
          throw this.#broken(bytes, position, end, "the end of a length");
        position++;
        continue;
      }
      if (byte !== CR || position === from) throw this.#broken(bytes, position, end, "a length");
      if (position + 1 >= end) return -1;
      if (bytes[position + 1] !== LF) throw this.#broken(bytes, position + 1, end, "LF");
      this.#value = value;
      return position + 2;
    }
    return -1;
  }

  #broken(bytes: Uint8Array, at: number, end: number, wanted: string): TributaryError {
    const found = Buffer.from(bytes.subarray(at, Math.min(end, at + 16))).toString("latin1");
    return new TributaryError("SOURCE_PROTOCOL", {
      role: this.#role,
      address: "the stream",
      at: at - this.#from,
      detail: `${wanted} is wanted where ${JSON.stringify(found)} stands`,
    });
  }
}
