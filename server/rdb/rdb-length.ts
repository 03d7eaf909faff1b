/**
 * Lengths and strings of an RDB, found in `buffer[at, end)`. Every function returns the place after what it
 * took, or a negative number when the bytes here do not suffice: its opposite is the least `end` that may. All
 * of it follows redis: rdb.c rdbLoadLenByRef and rdbGenericLoadStringObject.
 */

/** What is broken and where in the buffer; the parser makes it a TributaryError with the offset in the RDB. */
export class RdbBroken extends Error {
  override readonly name = "RdbBroken";
  readonly at: number;

  constructor(at: number, detail: string) {
    super(detail);
    this.at = at;
  }
}

const NO_COUNT = 2 ** 48;

/** The number that `lengthAt` has read: a length, a count, or with `encoded` the kind of a special string. */
export const read = { length: 0, encoded: false };

/** Reads a length into `read`. One of 64 bits that no memory could hold is broken, as it is for Redis. */
export function lengthAt(buffer: Uint8Array, at: number, end: number): number {
  if (at >= end) return -(at + 1);
  const first = buffer[at]!;
  read.encoded = false;
  if (first < 0x40) {
    read.length = first;
    return at + 1;
  }
  if (first < 0x80) {
    if (at + 2 > end) return -(at + 2);
    read.length = ((first & 0x3f) << 8) | buffer[at + 1]!;
    return at + 2;
  }
  if (first >= 0xc0) {
    read.encoded = true;
    read.length = first & 0x3f;
    return at + 1;
  }
  if (first === 0x80) {
    if (at + 5 > end) return -(at + 5);
    read.length = uint32(buffer, at + 1);
    return at + 5;
  }
  if (first === 0x81) {
    if (at + 9 > end) return -(at + 9);
    read.length = uint32(buffer, at + 1) * 0x1_0000_0000 + uint32(buffer, at + 5);
    return at + 9;
  }
  throw new RdbBroken(at, `there is no length that begins with 0x${first.toString(16)}`);
}

/** Reads a plain length that counts something into `read`. */
export function countAt(buffer: Uint8Array, at: number, end: number): number {
  const next = lengthAt(buffer, at, end);
  if (next < 0) return next;
  if (read.encoded) throw new RdbBroken(at, "a length is wanted, a special string begins");
  if (read.length > NO_COUNT) throw new RdbBroken(at, `the length ${read.length} is impossible`);
  return next;
}

/** Passes a string: raw, an integer or LZF-compressed. */
export function skipString(buffer: Uint8Array, at: number, end: number): number {
  if (at < end && buffer[at]! < 0x40) {
    const next = at + 1 + buffer[at]!;
    return next > end ? -next : next;
  }
  let next = lengthAt(buffer, at, end);
  if (next < 0) return next;
  if (!read.encoded) {
    if (read.length > NO_COUNT) throw new RdbBroken(at, `the length ${read.length} is impossible`);
    next += read.length;
  } else if (read.length === 0) {
    next += 1;
  } else if (read.length === 1) {
    next += 2;
  } else if (read.length === 2) {
    next += 4;
  } else if (read.length === 3) {
    next = countAt(buffer, next, end);
    if (next < 0) return next;
    const compressed = read.length;
    next = countAt(buffer, next, end);
    if (next < 0) return next;
    next += compressed;
  } else {
    throw new RdbBroken(at, `there is no string encoding ${read.length}`);
  }
  return next > end ? -next : next;
}

/** Passes plain lengths whose values do not matter: they may have all 64 bits. */
export function skipLengths(buffer: Uint8Array, at: number, end: number, count: number): number {
  let next = at;
  for (let left = count; left > 0; left--) {
    const before = next;
    next = lengthAt(buffer, next, end);
    if (next < 0) return next;
    if (read.encoded) throw new RdbBroken(before, "a length is wanted, a special string begins");
  }
  return next;
}

function uint32(buffer: Uint8Array, at: number): number {
  return ((buffer[at]! << 24) | (buffer[at + 1]! << 16) | (buffer[at + 2]! << 8) | buffer[at + 3]!) >>> 0;
}
