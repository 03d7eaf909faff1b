import type { Broken, ElementCursor } from "./element-cursor.ts";
import { writeInteger } from "./rdb-key.ts";

const HEADER = 8;

/** An intset: bytes of an integer (2, 4 or 8), their number, the integers, all little-endian (redis: intset.c). */
export class Intset implements ElementCursor {
  readonly bytes: Uint8Array = Buffer.allocUnsafe(20);
  readonly start = 0;
  end = 0;
  readonly #view: DataView;
  readonly #size: number;
  #at = HEADER;

  constructor(blob: Uint8Array, broken: Broken) {
    if (blob.length < HEADER) throw broken("an intset has no header");
    this.#view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
    this.#size = this.#view.getUint32(0, true);
    if (this.#size !== 2 && this.#size !== 4 && this.#size !== 8) {
      throw broken(`an intset has integers of ${this.#size} bytes`);
    }
    if (HEADER + this.#view.getUint32(4, true) * this.#size !== blob.length) {
      throw broken("an intset does not have its stated length");
    }
  }

  next(): boolean {
    if (this.#at === this.#view.byteLength) return false;
    const view = this.#view;
    const at = this.#at;
    const value =
      this.#size === 2
        ? view.getInt16(at, true)
        : this.#size === 4
          ? view.getInt32(at, true)
          : view.getBigInt64(at, true);
    this.#at += this.#size;
    this.end = writeInteger(value, this.bytes);
    return true;
  }
}
