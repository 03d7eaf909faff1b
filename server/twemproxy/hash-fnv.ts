/**
 * The four FNVs. Twemproxy keeps the low 32 bits of the 64-bit ones, and the low half of a product depends on
 * the low halves of its factors alone, so 32-bit arithmetic gives them. A byte of 0x80 and above enters with
 * its sign, as C's char does on x86 (twemproxy: hashkit/nc_fnv.c).
 */
const init32 = 0x811c9dc5;
const prime32 = 0x01000193;
const init64Low = 0x84222325;
const prime64Low = 0x1b3;

export function hashFnv1x64(bytes: Uint8Array, start: number, end: number): number {
  return multiplyFirst(bytes, start, end, init64Low, prime64Low);
}

export function hashFnv1ax64(bytes: Uint8Array, start: number, end: number): number {
  return multiplyLast(bytes, start, end, init64Low, prime64Low);
}

export function hashFnv1x32(bytes: Uint8Array, start: number, end: number): number {
  return multiplyFirst(bytes, start, end, init32, prime32);
}

export function hashFnv1ax32(bytes: Uint8Array, start: number, end: number): number {
  return multiplyLast(bytes, start, end, init32, prime32);
}

function multiplyFirst(bytes: Uint8Array, start: number, end: number, init: number, prime: number): number {
  let hash = init;
  for (let at = start; at < end; at++) hash = Math.imul(hash, prime) ^ ((bytes[at]! << 24) >> 24);
  return hash >>> 0;
}

function multiplyLast(bytes: Uint8Array, start: number, end: number, init: number, prime: number): number {
  let hash = init;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ ((bytes[at]! << 24) >> 24), prime);
  return hash >>> 0;
}
