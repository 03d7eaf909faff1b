import type { Broken, ElementCursor } from "./element-cursor.ts";
import { writeInteger } from "./rdb-key.ts";

const HEADER = 10;
const END = 0xff;

/** A ziplist: total bytes, tail, number of elements, elements with the length of the one before, 0xff (redis: ziplist.c). */
export class Ziplist implements ElementCursor {
  bytes: Uint8Array;
  start = 0;
  end = 0;
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
      throw broken("a ziplist does not have its stated length");
    }
    if (blob[blob.length - 1] !== END) throw broken("a ziplist does not end with 0xff");
  }

  next(): boolean {
    const last = this.#blob.length - 1;
    if (this.#at === last) return false;
    const before = this.#blob[this.#at]!;
    if (before === END) throw this.#broken("a ziplist ends before its stated length");
    const at = this.#at + (before === 254 ? 5 : 1);
    this.#need(at + 1);
    const kind = this.#blob[at]!;
    if (kind < 0x40) return this.#text(at + 1, kind);
    if (kind < 0x80) {
      this.#need(at + 2);
      return this.#text(at + 2, ((kind & 0x3f) << 8) | this.#blob[at + 1]!);
    }
    if (kind < 0xc0) {
      this.#need(at + 5);
      return this.#text(at + 5, this.#view.getUint32(at + 1));
    }
    return this.#number(kind, at + 1);
  }

  #number(kind: number, at: number): boolean {
    const size = integerSizes.get(kind) ?? 0;
    this.#need(at + size);
    let value: number | bigint;
    if (kind === 0xc0) value = this.#view.getInt16(at, true);
    else if (kind === 0xd0) value = this.#view.getInt32(at, true);
    else if (kind === 0xe0) value = this.#view.getBigInt64(at, true);
    else if (kind === 0xf0) value = this.#view.getUint16(at, true) | (this.#view.getInt8(at + 2) << 16);
    else if (kind === 0xfe) value = this.#view.getInt8(at);
    else if (kind > 0xf0 && kind < 0xfe) value = (kind & 15) - 1;
    else throw this.#broken(`a ziplist has an element of kind 0x${kind.toString(16)}`);
    this.#at = at + size;
    this.bytes = this.#digits;
    this.start = 0;
    this.end = writeInteger(value, this.#digits);
    return true;
  }

  #text(at: number, length: number): boolean {
    this.#need(at + length);
    this.#at = at + length;
    this.bytes = this.#blob;
    this.start = at;
    this.end = at + length;
    return true;
  }

  /** The last byte is the end mark, so an element has to end before it. */
  #need(stop: number): void {
    if (stop > this.#blob.length - 1) throw this.#broken("a ziplist ends within an element");
  }
}

const integerSizes = new Map([
  [0xc0, 2],
  [0xd0, 4],
  [0xe0, 8],
  [0xf0, 3],
  [0xfe, 1],
]);
