/**
 * Sums up elements in any order. Each is hashed to 64 bits, two 32-bit hashes of different making over the same
 * words, and the hashes are added: what is equal gives an equal sum whatever the order.
 */
export class ElementHash {
  #sumA = 0;
  #sumB = 0;
  #count = 0;
  #a = 0;
  #b = 0;

  /** The element made of these texts, each with its end. */
  add(tag: number, ...texts: readonly Uint8Array[]): void {
    this.#a = SEED_A ^ tag;
    this.#b = (SEED_B + Math.imul(tag, PRIME_3)) | 0;
    for (const text of texts) this.#mix(text);
    const a = finished(this.#a);
    this.#sumA = (this.#sumA + a) | 0;
    this.#sumB = (this.#sumB + finished(this.#b ^ Math.imul(this.#a, PRIME_4))) | 0;
    this.#count++;
  }

  /** Count and sums, as 24 hex digits. */
  digest(): string {
    return [this.#count, this.#sumA, this.#sumB]
      .map((word) => (word >>> 0).toString(16).padStart(8, "0"))
      .join("");
  }

  #mix(bytes: Uint8Array): void {
    let a = this.#a;
    let b = this.#b;
    const end = bytes.length;
    let at = 0;
    for (const last = end - 3; at < last; at += 4) {
      const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
      a ^= Math.imul(rotated(Math.imul(word, PRIME_1), 15), PRIME_2);
      a = (Math.imul(rotated(a, 13), 5) + 0x3c6ef372) | 0;
      b = Math.imul(rotated((b + Math.imul(word, PRIME_4)) | 0, 13), PRIME_3);
    }
    for (; at < end; at++) {
      a = rotated(Math.imul(a ^ bytes[at]!, PRIME_1), 11);
      b = (Math.imul(rotated(b, 7), PRIME_4) + bytes[at]!) | 0;
    }
    this.#a = Math.imul(rotated(a ^ end, 17), PRIME_2);
    this.#b = Math.imul(rotated((b + Math.imul(end, PRIME_1)) | 0, 19), PRIME_4);
  }
}

const SEED_A = 0x2545f491;
const SEED_B = 0x6b43a9b5;
const PRIME_1 = 0x9e3779b1;
const PRIME_2 = 0x85ebca77;
const PRIME_3 = 0xc2b2ae3d;
const PRIME_4 = 0x27d4eb2f;

function rotated(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** Lets every bit of the input move every bit of the output. */
function finished(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x7feb352d);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0x846ca68b);
  return mixed ^ (mixed >>> 16);
}
