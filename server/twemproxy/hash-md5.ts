import { hash } from "node:crypto";

/** Longest key whose padding and length fit into the one block of 64 bytes that is computed here. */
const ONE_BLOCK = 55;

/** RFC 1321, 3.4: the sine table, what each round rotates by, and in which order it takes the block's 16 words. */
const sines = Int32Array.from({ length: 64 }, (_, step) =>
  Math.floor(Math.abs(Math.sin(step + 1)) * 2 ** 32),
);
const turns = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
];
const rotations = Uint8Array.from({ length: 64 }, (_, step) => turns[step >> 4]![step & 3]!);
const strides = [
  [1, 0],
  [5, 1],
  [3, 5],
  [7, 0],
];
const words = Uint8Array.from({ length: 64 }, (_, step) => {
  const [stride, first] = strides[step >> 4]!;
  return (stride! * (step & 15) + first!) & 15;
});

const block = new Int32Array(16);

/**
 * The first four bytes of MD5, little-endian (twemproxy: hashkit/nc_md5.c hash_md5). The stream asks for every key, and a
 * call of node:crypto takes longer than all else that a command needs: it is made for long keys only.
 */
export function hashMd5(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length > ONE_BLOCK) return hash("md5", bytes.subarray(start, end), "buffer").readUInt32LE(0);
  block.fill(0);
  for (let at = 0; at < length; at++) block[at >> 2]! |= bytes[start + at]! << ((at & 3) << 3);
  block[length >> 2]! |= 0x80 << ((length & 3) << 3);
  block[14] = length << 3;

  let a = 0x67452301;
  let b = 0xefcdab89 | 0;
  let c = 0x98badcfe | 0;
  let d = 0x10325476;
  for (let step = 0; step < 64; step++) {
    const mixed =
      step < 16 ? (b & c) | (~b & d) : step < 32 ? (d & b) | (~d & c) : step < 48 ? b ^ c ^ d : c ^ (b | ~d);
    const sum = (a + mixed + sines[step]! + block[words[step]!]!) | 0;
    const by = rotations[step]!;
    a = d;
    d = c;
    c = b;
    b = (b + ((sum << by) | (sum >>> (32 - by)))) | 0;
  }
  return (a + 0x67452301) >>> 0;
}
