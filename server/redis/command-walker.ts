import { TributaryError } from "../errors/tributary-error.ts";

const LF = 10;
const CR = 13;

/**
 * Finds the end of one RESP command that comes in pieces, for a command too large to be held in memory. Give
 * it the command's bytes from its first one on; it keeps nothing of them.
 */
export class CommandWalker {
  readonly #role: string;
  #argumentsLeft = -1;
  /** Bytes left of the bulk string at hand, its CRLF included. */
  #bulkLeft = 0;
  #line = "";

  constructor(role: string) {
    this.#role = role;
  }

  /** @returns the position after the command, or -1 when all of `bytes[from, end)` belongs to it and more follows. */
  feed(bytes: Uint8Array, from: number, end: number): number {
    let position = from;
    while (position < end) {
      if (this.#bulkLeft > 0) {
        const step = Math.min(this.#bulkLeft, end - position);
        this.#bulkLeft -= step;
        position += step;
        if (this.#bulkLeft === 0 && --this.#argumentsLeft === 0) return position;
        continue;
      }
      const byte = bytes[position++]!;
      if (byte !== LF) {
        if (byte !== CR) this.#line += String.fromCharCode(byte);
        if (this.#line.length > 32) throw this.#broken();
        continue;
      }
      const number = Number(this.#line.slice(1));
      const head = this.#argumentsLeft < 0 ? "*" : "$";
      if (this.#line[0] !== head || !Number.isSafeInteger(number) || number < 0) throw this.#broken();
      this.#line = "";
      if (head === "*") this.#argumentsLeft = number;
      else this.#bulkLeft = number + 2;
      if (this.#argumentsLeft === 0) return position;
    }
    return -1;
  }

  #broken(): TributaryError {
    return new TributaryError("SOURCE_PROTOCOL", {
      role: this.#role,
      address: "the stream",
      detail: `${JSON.stringify(this.#line)} stands where an argument begins`,
    });
  }
}
