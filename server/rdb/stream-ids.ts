import type { RdbInput } from "./rdb-input.ts";
import { lengthAt, RdbBroken, read } from "./rdb-length.ts";

/** Bytes of a stream's entry ID in the RDB: milliseconds and sequence, 64 bits each, big-endian. */
export const ID_BYTES = 16;

/** An entry ID as commands write it. */
export function idText(ms: bigint, sequence: bigint): string {
  return `${ms}-${sequence}`;
}

/**
 * Entry IDs in ascending order, each with two numbers, in one growing buffer: a stream may have millions. It
 * takes up to `limit` of them and tells when there were more.
 */
export class StreamIds {
  /** True once an ID found no room: what is not found may exist all the same. */
  overflowed = false;
  readonly #limit: number;
  #bytes = new DataView(new ArrayBuffer(ID_BYTES * 64));
  #numbers = new Float64Array(128);
  #count = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(ms: bigint, sequence: bigint, first = 0, second = 0): void {
    if (this.#count === this.#limit) {
      this.overflowed = true;
      return;
    }
    const at = this.#count * ID_BYTES;
    if (at === this.#bytes.byteLength) this.#grow();
    this.#bytes.setBigUint64(at, ms);
    this.#bytes.setBigUint64(at + 8, sequence);
    this.#numbers[this.#count * 2] = first;
    this.#numbers[this.#count * 2 + 1] = second;
    this.#count++;
  }

  /** The index of an ID, -1 when it is not here. */
  find(ms: bigint, sequence: bigint): number {
    let low = 0;
    let high = this.#count - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const otherMs = this.#bytes.getBigUint64(middle * ID_BYTES);
      const other = otherMs === ms ? this.#bytes.getBigUint64(middle * ID_BYTES + 8) : 0n;
      if (otherMs === ms && other === sequence) return middle;
      if (otherMs < ms || (otherMs === ms && other < sequence)) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  /** The numbers that were added with the ID at `index`. */
  first(index: number): number {
    return this.#numbers[index * 2]!;
  }

  second(index: number): number {
    return this.#numbers[index * 2 + 1]!;
  }

  #grow(): void {
    const bytes = new Uint8Array(this.#bytes.byteLength * 2);
    bytes.set(new Uint8Array(this.#bytes.buffer));
    this.#bytes = new DataView(bytes.buffer);
    const numbers = new Float64Array(this.#numbers.length * 2);
    numbers.set(this.#numbers);
    this.#numbers = numbers;
  }
}

/** What the stream's own fields say, as far as its groups need it. */
export type StreamFacts = {
  readonly entries: StreamIds;
  /** Entries below the first or among the deleted may be gone; null where the encoding (before 7.0) does not say. */
  readonly greatestDeleted: readonly [ms: bigint, sequence: bigint] | null;
};

/** A length with all its 64 bits. */
export async function uint64(input: RdbInput): Promise<bigint> {
  let value = 0n;
  await input.take((buffer, at, end) => {
    const next = lengthAt(buffer, at, end);
    if (next < 0) return next;
    if (read.encoded) throw new RdbBroken(at, "a length is wanted, a special string begins");
    const long = buffer[at] === 0x81;
    value = long
      ? new DataView(buffer.buffer, buffer.byteOffset + at + 1, 8).getBigUint64(0)
      : BigInt(read.length);
    return next;
  });
  return value;
}
