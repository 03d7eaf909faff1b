import type { Broken, ElementCursor } from "./element-cursor.ts";
import { writeInteger } from "./rdb-key.ts";

const HEADER = 6;
const END = 0xff;

/** A listpack: total bytes, number of elements, elements with their own length behind each, 0xff (redis: listpack.c). */
export class Listpack implements ElementCursor {
  bytes: Uint8Array;
  start = 0;
  end = 0;
  /** The element's value when it is stored as an integer, else null. */
  integer: number | bigint | null = null;
  readonly #blob: Uint8Array;
  readonly #view: DataView;
  readonly #broken: Broken;
  readonly #digits: Uint8Array = Buffer.allocUnsafe(20);
  #at = HEADER;

  constructor(blob: Uint8Array, broken: Broken) {
    this.#blob = blob;
    this.#view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
    this.#broken = broken;
    this.bytes = blob;
    if (blob.length < HEADER + 1 || this.#view.getUint32(0, true) !== blob.length) {
      throw broken("a listpack does not have its stated length");
    }
    if (blob[blob.length - 1] !== END) throw broken("a listpack does not end with 0xff");
  }

  next(): boolean {
    const at = this.#at;
    // The last byte is the end mark, so an element has to end before it.
    const last = this.#blob.length - 1;
    if (at === last) return false;
    const first = this.#blob[at]!;
    if (first === END) throw this.#broken("a listpack ends before its stated length");
    if (first < 0x80) return this.#number(at, 1, first);
    if (first < 0xc0) return this.#text(at, 1, first & 0x3f);
    if (at + 2 > last) throw this.#broken("a listpack ends within an element");
    if (first < 0xe0) return this.#number(at, 2, ((((first & 0x1f) << 8) | this.#blob[at + 1]!) << 19) >> 19);
    if (first < 0xf0) return this.#text(at, 2, ((first & 0x0f) << 8) | this.#blob[at + 1]!);
    if (at + 5 > this.#blob.length) throw this.#broken("a listpack ends within an element");
    const view = this.#view;
    switch (first) {
      case 0xf0:
        return this.#text(at, 5, view.getUint32(at + 1, true));
      case 0xf1:
        return this.#number(at, 3, view.getInt16(at + 1, true));
      case 0xf2:
        return this.#number(at, 4, view.getUint16(at + 1, true) | (view.getInt8(at + 3) << 16));
      case 0xf3:
        return this.#number(at, 5, view.getInt32(at + 1, true));
      case 0xf4:
        if (at + 9 > last) throw this.#broken("a listpack ends within an element");
        return this.#number(at, 9, view.getBigInt64(at + 1, true));
      default:
        throw this.#broken(`a listpack has an element of kind 0x${first.toString(16)}`);
    }
  }

  #number(at: number, size: number, value: number | bigint): boolean {
    this.#pass(at, size);
    this.integer = value;
    this.bytes = this.#digits;
    this.start = 0;
    this.end = writeInteger(value, this.#digits);
    return true;
  }

  #text(at: number, header: number, length: number): boolean {
    this.#pass(at, header + length);
    this.integer = null;
    this.bytes = this.#blob;
    this.start = at + header;
    this.end = at + header + length;
    return true;
  }

  /** Behind an element is its length, 7 bits a byte, to be read from the back. */
  #pass(at: number, size: number): void {
    const backLength =
      size <= 127 ? 1 : size < 16_383 ? 2 : size < 2_097_151 ? 3 : size < 268_435_455 ? 4 : 5;
    this.#at = at + size + backLength;
    if (this.#at > this.#blob.length - 1) throw this.#broken("a listpack ends within an element");
  }
}
