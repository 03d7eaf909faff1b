import { TributaryError } from "../errors/tributary-error.ts";
import { MAX_ARGUMENTS, MAX_BULK, MAX_DIGITS } from "./command-scanner.ts";

const LF = 10;
const CR = 13;
const DIGIT_0 = 48;
const DIGIT_9 = 57;
const ASTERISK = 42;
const DOLLAR = 36;
const MINUS = 45;

/**
 * Finds the end of one RESP command that comes in pieces, for a command too large to be held in memory. Give
 * it the command's bytes from its first one on; it keeps nothing of them, and is as strict as the scanner.
 */
export class CommandWalker {
  readonly #role: string;
  #argumentsLeft = -1;
  /** Bytes left of the bulk string at hand, its CRLF included. */
  #bulkLeft = 0;
  /** What comes next of a line: its type, one more digit (or CR, after the first), or LF. */
  #next: "type" | "digit" | "LF" = "type";
  #digits = 0;
  #value = 0;
  /** Bytes fed before this call. */
  #negative = false;
  #fed = 0;

  constructor(role: string) {
    this.#role = role;
  }

  /**
   * @returns the position after the command, or -1 when all of `bytes[from, end)` belongs to it and more follows.
   * @throws TributaryError SOURCE_PROTOCOL; `details.at` counts from the command's first byte.
   */
  feed(bytes: Uint8Array, from: number, end: number): number {
    let position = from;
    while (position < end) {
      if (this.#bulkLeft > 2) {
        const step = Math.min(this.#bulkLeft - 2, end - position);
        this.#bulkLeft -= step;
        position += step;
        continue;
      }
      const byte = bytes[position]!;
      if (this.#bulkLeft > 0) {
        if (byte !== (this.#bulkLeft === 2 ? CR : LF)) throw this.#broken(byte, position - from);
        position++;
        if (--this.#bulkLeft === 0 && --this.#argumentsLeft === 0) return position;
        continue;
      }
      if (!this.#lineByte(byte)) throw this.#broken(byte, position - from);
      position++;
      if (this.#argumentsLeft === 0) return position;
    }
    this.#fed += end - from;
    return -1;
  }

  /** Takes one byte of `*<argc>\r\n` or `$<length>\r\n`. False where it does not belong there. */
  #lineByte(byte: number): boolean {
    const head = this.#argumentsLeft < 0;
    if (this.#next === "type") {
      this.#value = 0;
      this.#digits = 0;
      this.#negative = false;
      this.#next = "digit";
      return byte === (head ? ASTERISK : DOLLAR);
    }
    if (this.#next === "LF") {
      this.#next = "type";
      if (head) this.#argumentsLeft = this.#negative ? 0 : this.#value;
      else this.#bulkLeft = this.#value + 2;
      return byte === LF;
    }
    // A command of fewer than no arguments is none, as CommandScanner has it.
    if (head && byte === MINUS && this.#digits === 0 && !this.#negative) {
      this.#negative = true;
      return true;
    }
    if (byte === CR && this.#digits > 0) {
      this.#next = "LF";
      return true;
    }
    if (byte < DIGIT_0 || byte > DIGIT_9 || ++this.#digits > MAX_DIGITS) return false;
    this.#value = this.#value * 10 + (byte - DIGIT_0);
    return this.#value <= (head ? MAX_ARGUMENTS : MAX_BULK);
  }

  #broken(byte: number, at: number): TributaryError {
    return new TributaryError("SOURCE_PROTOCOL", {
      role: this.#role,
      address: "the stream",
      at: this.#fed + at,
      detail: `${JSON.stringify(String.fromCharCode(byte))} does not belong into a large command`,
    });
  }
}
