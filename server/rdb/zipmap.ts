import type { Broken, ElementCursor } from "./element-cursor.ts";

const END = 0xff;

/** A zipmap, the small hash before 2.6: fields and values in turn, a value with unused bytes behind it (redis: zipmap.c). */
export class Zipmap implements ElementCursor {
  readonly bytes: Uint8Array;
  start = 0;
  end = 0;
  readonly #broken: Broken;
  #at = 1;
  #value = false;

  constructor(blob: Uint8Array, broken: Broken) {
    this.bytes = blob;
    this.#broken = broken;
    if (blob.length < 2 || blob[blob.length - 1] !== END) throw broken("a zipmap does not end with 0xff");
  }

  next(): boolean {
    const last = this.bytes.length - 1;
    if (this.#at === last) {
      if (this.#value) throw this.#broken("a zipmap has a field without a value");
      return false;
    }
    let at = this.#at;
    let length = this.bytes[at++]!;
    if (length === END) throw this.#broken("a zipmap ends before its stated length");
    if (length === 254) {
      if (at + 4 > last) throw this.#broken("a zipmap ends within an element");
      length = new DataView(this.bytes.buffer, this.bytes.byteOffset + at, 4).getUint32(0, true);
      at += 4;
    }
    const unused = this.#value ? this.bytes[at++]! : 0;
    if (at + length + unused > last) throw this.#broken("a zipmap ends within an element");
    this.start = at;
    this.end = at + length;
    this.#at = at + length + unused;
    this.#value = !this.#value;
    return true;
  }
}
