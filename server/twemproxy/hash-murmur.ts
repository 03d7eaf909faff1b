const multiplier = 0x5bd1e995;

/** MurmurHash2 with a seed of 0xdeadbeef times the length (twemproxy: hashkit/nc_murmur.c). */
export function hashMurmur(bytes: Uint8Array, start: number, end: number): number {
  const key = bytes.subarray(start, end);
  let hash = Math.imul(0xdeadbeef, key.length) ^ key.length;
  let at = 0;
  for (; at + 4 <= key.length; at += 4) {
    const word = key[at]! | (key[at + 1]! << 8) | (key[at + 2]! << 16) | (key[at + 3]! << 24);
    let mixed = Math.imul(word, multiplier);
    mixed ^= mixed >>> 24;
    hash = Math.imul(hash, multiplier) ^ Math.imul(mixed, multiplier);
  }
  const left = key.length - at;
  if (left === 3) hash ^= key[at + 2]! << 16;
  if (left >= 2) hash ^= key[at + 1]! << 8;
  if (left >= 1) hash = Math.imul(hash ^ key[at]!, multiplier);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, multiplier);
  return (hash ^ (hash >>> 15)) >>> 0;
}
