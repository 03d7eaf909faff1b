/**
 * 64 bits that stand for a key of one destination database: two 32-bit hashes of different making over the same
 * four-byte words, so that what collides in one does not in the other. Of 100 million keys against 100 million
 * fewer than one in a thousand runs meets a collision, which would leave one stale key where it is.
 */
export class KeyFingerprint {
  /** The halves of the last one computed, as signed 32-bit integers. */
  high = 0;
  low = 0;

  compute(db: number, bytes: Uint8Array, start: number, end: number): void {
    let a = SEED_A ^ db;
    let b = (SEED_B + Math.imul(db, PRIME_3)) | 0;
    let at = start;
    for (const last = end - 3; at < last; at += 4) {
      const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
      let mixed = Math.imul(word, PRIME_1);
      mixed = Math.imul((mixed << 15) | (mixed >>> 17), PRIME_2);
      a ^= mixed;
      a = (Math.imul((a << 13) | (a >>> 19), 5) + 0x3c6ef372) | 0;
      b = (b + Math.imul(word, PRIME_4)) | 0;
      b = Math.imul((b << 13) | (b >>> 19), PRIME_3);
    }
    for (; at < end; at++) {
      a = Math.imul(a ^ bytes[at]!, PRIME_1);
      a = (a << 11) | (a >>> 21);
      b = Math.imul((b << 7) | (b >>> 25), PRIME_4) + bytes[at]!;
    }
    a ^= end - start;
    b = (b + Math.imul(end - start, PRIME_2)) | 0;
    this.high = finished(a);
    this.low = finished(b ^ Math.imul(a, PRIME_4));
  }

  /** Which of the partitions the last one computed belongs to. */
  get partition(): number {
    return this.high >>> PARTITION_SHIFT;
  }
}

/** Fingerprints are kept in this many files, by their top bits: one of them at a time fits into memory. */
export const PARTITIONS = 64;
const PARTITION_SHIFT = 26;

const SEED_A = 0x51a7c3e9;
const SEED_B = 0x1f83d9ab;
const PRIME_1 = 0x9e3779b1;
const PRIME_2 = 0x85ebca77;
const PRIME_3 = 0xc2b2ae3d;
const PRIME_4 = 0x27d4eb2f;

/** Lets every bit of the input move every bit of the output. */
function finished(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x7feb352d);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0x846ca68b);
  return mixed ^ (mixed >>> 16);
}
