import type { SeededRandom } from "../traffic/seeded-random.ts";

/** What the length fields of an input look like: decimal digits, or those of an RDB and of what it packs. */
export type LengthFields = "decimal" | "binary";

const TELLING_BYTES = [
  0, 1, 0x0a, 0x0d, 0x24, 0x2a, 0x3f, 0x40, 0x7f, 0x80, 0x81, 0xbf, 0xc0, 0xc3, 0xf0, 0xf4,
];
TELLING_BYTES.push(0xfe, 0xff);
const TELLING_NUMBERS = [
  "-1",
  "-2",
  "0",
  "1",
  "65536",
  "536870913",
  "2147483648",
  "4294967295",
  "4294967296",
];
TELLING_NUMBERS.push(
  "9007199254740992",
  "18446744073709551615",
  "1e9",
  "0x10",
  " 3",
  "",
  "+1",
  "99999999999999999999",
);
/** Bytes up to which a piece is repeated to find what takes quadratic time. */
const LONGEST_REPETITION = 65_536;

/** One to four changes of one of the inputs: of bits, bytes, lengths, pieces, or a splice of two inputs. */
export function mutate(corpus: readonly Uint8Array[], random: SeededRandom, fields: LengthFields): Buffer {
  let bytes: Buffer = Buffer.from(random.pick(corpus));
  for (let change = random.int(4); change >= 0; change--) {
    bytes = random.pick(changes)(bytes, random, { corpus, fields });
  }
  return bytes;
}

type Material = { readonly corpus: readonly Uint8Array[]; readonly fields: LengthFields };
type Change = (bytes: Buffer, random: SeededRandom, material: Material) => Buffer;

const flipBit: Change = (bytes, random) => {
  if (bytes.length > 0) bytes[random.int(bytes.length)]! ^= 1 << random.int(8);
  return bytes;
};

const setByte: Change = (bytes, random) => {
  if (bytes.length > 0) bytes[random.int(bytes.length)] = random.pick(TELLING_BYTES);
  return bytes;
};

const overwrite: Change = (bytes, random) => {
  const [from, to] = piece(bytes, random, 8);
  return bytes.fill(random.int(256), from, to);
};

const cutOut: Change = (bytes, random) => {
  const [from, to] = piece(bytes, random, random.oneIn(4) ? bytes.length : 8);
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
};

const duplicate: Change = (bytes, random) => {
  const [from, to] = piece(bytes, random, random.oneIn(4) ? bytes.length : 16);
  return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
};

const truncate: Change = (bytes, random) =>
  random.oneIn(3) ? bytes.subarray(0, random.int(bytes.length + 1)) : bytes;

const splice: Change = (bytes, random, { corpus }) => {
  const other = random.pick(corpus);
  const start = random.int(bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, start), other.subarray(random.int(other.length + 1))]);
};

const repeatOften: Change = (bytes, random) => {
  if (!random.oneIn(50)) return bytes;
  const [from, to] = piece(bytes, random, 40);
  const times = random.int(LONGEST_REPETITION / Math.max(1, to - from));
  const repeated = Buffer.alloc(times * (to - from), bytes.subarray(from, to));
  return Buffer.concat([bytes.subarray(0, to), repeated, bytes.subarray(to)]);
};

const changeLength: Change = (bytes, random, { fields }) =>
  fields === "decimal" ? changeDecimal(bytes, random) : changeBinary(bytes, random);

/** A number in digits becomes off by one, negative, huge, or no number. */
function changeDecimal(bytes: Buffer, random: SeededRandom): Buffer {
  const start = findFrom(bytes, random, isDigit);
  if (start < 0) return bytes;
  let from = start;
  while (from > 0 && isDigit(bytes[from - 1]!)) from--;
  let to = start;
  while (to < bytes.length && isDigit(bytes[to]!)) to++;
  const value = bytes.toString("latin1", from, Math.min(to, from + 15));
  const near = () => String(Number(value) + random.int(5) - 2);
  const text = random.oneIn(2) ? near() : random.pick(TELLING_NUMBERS);
  return Buffer.concat([bytes.subarray(0, from), Buffer.from(text), bytes.subarray(to)]);
}

/**
 * Where a number may be the length of what follows (an RDB's length of 6, 14, 32 or 64 bits, the 32 bits in front
 * of a listpack, a ziplist or an intset), it becomes off by one, or as large as it can be written.
 */
function changeBinary(bytes: Buffer, random: SeededRandom): Buffer {
  if (bytes.length < 10) return bytes;
  const kind = random.int(4);
  const fits = (length: number, at: number) => length > 0 && length <= bytes.length - at;
  const step = random.pick([-1, 1, 2, 127]);
  if (kind === 0) {
    const at = findFrom(bytes, random, (byte, place) => byte < 0x40 && fits(byte, place));
    if (at >= 0) bytes[at] = (bytes[at]! + step) & 0x3f;
    return bytes;
  }
  if (kind === 1) {
    const last = bytes.length - 4;
    const at = findFrom(bytes, random, (_, place) => place <= last && fits(bytes.readUInt32LE(place), place));
    if (at < 0) return bytes;
    const huge = random.pick([0xffffffff, 0x7fffffff, 0x80000000, 0]);
    bytes.writeUInt32LE(random.oneIn(2) ? huge : (bytes.readUInt32LE(at) + step) >>> 0, at);
    return bytes;
  }
  const at = random.int(bytes.length);
  const wide = random.oneIn(2);
  const stated = Buffer.alloc(wide ? 9 : 5, random.pick([0, 0x7f, 0xff]));
  stated[0] = wide ? 0x81 : 0x80;
  if (random.oneIn(2)) stated.writeUInt32BE(random.int(2 ** random.int(33)), stated.length - 4);
  return Buffer.concat([bytes.subarray(0, at), stated, bytes.subarray(at + 1)]);
}

const changes: readonly Change[] = [
  flipBit,
  flipBit,
  setByte,
  overwrite,
  cutOut,
  duplicate,
  truncate,
  splice,
  repeatOften,
  changeLength,
  changeLength,
  changeLength,
];

/** Start and end of a piece of 1 to `longest` bytes. */
function piece(bytes: Buffer, random: SeededRandom, longest: number): [number, number] {
  const from = random.int(bytes.length + 1);
  return [from, Math.min(bytes.length, from + 1 + random.int(longest))];
}

/** The first place from a random one on, and from the front on, that is wanted; -1 where there is none. */
function findFrom(
  bytes: Buffer,
  random: SeededRandom,
  wanted: (byte: number, at: number) => boolean,
): number {
  const start = random.int(bytes.length + 1);
  for (let step = 0; step < bytes.length; step++) {
    const at = (start + step) % bytes.length;
    if (wanted(bytes[at]!, at)) return at;
  }
  return -1;
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}

/** `bytes` in pieces: one, many small ones, or bytes one by one. Each is a copy, which the parser must not keep. */
export function splitAnyhow(bytes: Uint8Array, random: SeededRandom): Buffer[] {
  const longest = random.pick([1, 3, 16, 200, 5_000, bytes.length]);
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + random.int(longest);
    pieces.push(Buffer.from(bytes.subarray(at, at + size)));
    at += size;
  }
  return pieces;
}
