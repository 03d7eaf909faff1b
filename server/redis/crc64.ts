/**
 * CRC-64/Jones as Redis computes it (redis: crc64.c): reflected polynomial, initial value 0, no final xor.
 * The 64-bit state is kept as two 32-bit halves, since a bigint per byte would be some hundred times slower.
 * crc64("123456789") is e9c6d914c4b8d9ca.
 */

/** 0xad93d23594c935a9 with its bits reversed. */
const POLYNOMIAL_HIGH = 0x95ac9329;
const POLYNOMIAL_LOW = 0xac4bc9b5;

/** Eight tables of 256 entries for eight bytes a step; each entry is its low half, then its high half. */
const table = slicingTable();

/** The checksum of a sequence of pieces. */
export class Crc64 {
  #low = 0;
  #high = 0;

  /** Takes `bytes[from, to)` in. */
  update(bytes: Uint8Array, from: number, to: number): void {
    let low = this.#low;
    let high = this.#high;
    let at = from;
    for (const last = to - 8; at <= last; at += 8) {
      low ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
      high ^= bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24);
      const a = 0xe00 + ((low & 255) << 1);
      const b = 0xc00 + ((low >>> 7) & 510);
      const c = 0xa00 + ((low >>> 15) & 510);
      const d = 0x800 + ((low >>> 23) & 510);
      const e = 0x600 + ((high & 255) << 1);
      const f = 0x400 + ((high >>> 7) & 510);
      const g = 0x200 + ((high >>> 15) & 510);
      const h = (high >>> 23) & 510;
      low = table[a]! ^ table[b]! ^ table[c]! ^ table[d]! ^ table[e]! ^ table[f]! ^ table[g]! ^ table[h]!;
      high =
        table[a + 1]! ^
        table[b + 1]! ^
        table[c + 1]! ^
        table[d + 1]! ^
        table[e + 1]! ^
        table[f + 1]! ^
        table[g + 1]! ^
        table[h + 1]!;
    }
    for (; at < to; at++) {
      const index = ((low ^ bytes[at]!) & 255) << 1;
      low = (low >>> 8) ^ (high << 24) ^ table[index]!;
      high = (high >>> 8) ^ table[index + 1]!;
    }
    this.#low = low;
    this.#high = high;
  }

  /** Writes the checksum to `into[at, at + 8)`, little-endian, as an RDB and a RESTORE payload end. */
  write(into: Uint8Array, at: number): void {
    for (let byte = 0; byte < 4; byte++) {
      into[at + byte] = this.#low >>> (byte * 8);
      into[at + 4 + byte] = this.#high >>> (byte * 8);
    }
  }

  /** True when `bytes[at, at + 8)` holds this checksum, little-endian. */
  matches(bytes: Uint8Array, at: number): boolean {
    const own = new Uint8Array(8);
    this.write(own, 0);
    return own.every((byte, index) => byte === bytes[at + index]);
  }

  reset(): void {
    this.#low = 0;
    this.#high = 0;
  }
}

const single = new Crc64();

/** Writes the checksum of `bytes[from, to)` to `bytes[at, at + 8)`, little-endian: the footer of a RESTORE payload. */
export function writeCrc64(bytes: Uint8Array, from: number, to: number, at: number): void {
  single.reset();
  single.update(bytes, from, to);
  single.write(bytes, at);
}

function slicingTable(): Int32Array {
  const entries = new Int32Array(8 * 256 * 2);
  for (let byte = 0; byte < 256; byte++) {
    let low = byte;
    let high = 0;
    for (let bit = 0; bit < 8; bit++) {
      const carry = low & 1;
      low = (low >>> 1) | (high << 31);
      high >>>= 1;
      if (carry === 1) {
        low ^= POLYNOMIAL_LOW;
        high ^= POLYNOMIAL_HIGH;
      }
    }
    entries[byte * 2] = low;
    entries[byte * 2 + 1] = high;
  }
  for (let at = 512; at < entries.length; at += 2) {
    const low = entries[at - 512]!;
    const high = entries[at - 511]!;
    const index = (low & 255) << 1;
    entries[at] = (low >>> 8) ^ (high << 24) ^ entries[index]!;
    entries[at + 1] = (high >>> 8) ^ entries[index + 1]!;
  }
  return entries;
}
