import * as type from "./rdb-type.ts";

/**
 * Passing over values without decoding them: how the hot path finds where a value ends. Every function takes
 * `buffer[at, end)` and returns the place after what it passed, or a negative number when the bytes here do
 * not suffice: its opposite is the least `end` that may. All of it follows redis: rdb.c rdbLoadObject.
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

/** Passes a value of `kind`. A negative answer may be a guess: ask again with twice the bytes. */
export function skipValue(kind: number, buffer: Uint8Array, at: number, end: number): number {
  switch (kind) {
    case type.TYPE_STRING:
    case type.TYPE_HASH_ZIPMAP:
    case type.TYPE_LIST_ZIPLIST:
    case type.TYPE_SET_INTSET:
    case type.TYPE_ZSET_ZIPLIST:
    case type.TYPE_HASH_ZIPLIST:
    case type.TYPE_HASH_LISTPACK:
    case type.TYPE_ZSET_LISTPACK:
    case type.TYPE_SET_LISTPACK:
    case type.TYPE_HASH_LISTPACK_EX_PRE_GA:
      return skipString(buffer, at, end);
    case type.TYPE_LIST:
    case type.TYPE_SET:
    case type.TYPE_LIST_QUICKLIST:
      return skipElements(buffer, at, end, 0, 1, 0);
    case type.TYPE_HASH:
      return skipElements(buffer, at, end, 0, 2, 0);
    case type.TYPE_ZSET:
      return skipOldZset(buffer, at, end);
    case type.TYPE_ZSET_2:
      return skipElements(buffer, at, end, 0, 1, 8);
    case type.TYPE_LIST_QUICKLIST_2:
      return skipElements(buffer, at, end, 1, 1, 0);
    case type.TYPE_HASH_METADATA_PRE_GA:
      return skipElements(buffer, at, end, 1, 2, 0);
    case type.TYPE_HASH_METADATA:
      return skipElements(buffer, at + 8, end, 1, 2, 0);
    case type.TYPE_HASH_LISTPACK_EX:
      return skipString(buffer, at + 8, end);
    case type.TYPE_HASH_2_VALKEY:
      return skipElements(buffer, at, end, 0, 2, 8);
    case type.TYPE_STREAM_LISTPACKS:
    case type.TYPE_STREAM_LISTPACKS_2:
    case type.TYPE_STREAM_LISTPACKS_3:
    case type.TYPE_STREAM_LISTPACKS_4:
    case type.TYPE_STREAM_LISTPACKS_5:
      return skipStream(kind, buffer, at, end);
    case type.TYPE_MODULE_2: {
      const next = skipLengths(buffer, at, end, 1);
      return next < 0 ? next : skipModuleFields(buffer, next, end);
    }
    default:
      throw new RdbBroken(at, `the value type ${kind & 0xff} is not known`);
  }
}

/** A count, then for each element `lengths` lengths, `strings` strings and `bytes` bytes. */
function skipElements(
  buffer: Uint8Array,
  at: number,
  end: number,
  lengths: number,
  strings: number,
  bytes: number,
): number {
  let next = countAt(buffer, at, end);
  if (next < 0) return next;
  for (let left = read.length; left > 0; left--) {
    if (lengths > 0) {
      next = skipLengths(buffer, next, end, lengths);
      if (next < 0) return next;
    }
    for (let string = 0; string < strings; string++) {
      next = skipString(buffer, next, end);
      if (next < 0) return next;
    }
    next += bytes;
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

/** Scores are text behind a byte of length; 253 to 255 are nan, inf and -inf (redis: rdb.c rdbLoadDoubleValue). */
function skipOldZset(buffer: Uint8Array, at: number, end: number): number {
  let next = countAt(buffer, at, end);
  if (next < 0) return next;
  for (let left = read.length; left > 0; left--) {
    next = skipString(buffer, next, end);
    if (next < 0) return next;
    if (next >= end) return -(next + 1);
    const text = buffer[next]!;
    next += text >= 253 ? 1 : 1 + text;
  }
  return next > end ? -next : next;
}

/** Fields until EOF, each of which names its kind (redis: rdb.c rdbLoadCheckModuleValue). */
export function skipModuleFields(buffer: Uint8Array, at: number, end: number): number {
  let next = at;
  for (;;) {
    const before = next;
    next = countAt(buffer, next, end);
    if (next < 0) return next;
    switch (read.length) {
      case 0:
        return next;
      case 1:
      case 2:
        next = skipLengths(buffer, next, end, 1);
        break;
      case 3:
        next += 4;
        break;
      case 4:
        next += 8;
        break;
      case 5:
        next = skipString(buffer, next, end);
        break;
      default:
        throw new RdbBroken(before, `a module value has a field of kind ${read.length}`);
    }
    if (next < 0) return next;
  }
}

function skipStream(kind: number, buffer: Uint8Array, at: number, end: number): number {
  // Listpacks with their master IDs, then length and last ID; from 7.0 first ID, greatest deleted ID, entries added.
  let next = countAt(buffer, at, end);
  if (next < 0) return next;
  for (let left = read.length; left > 0; left--) {
    next = skipStrings(buffer, next, end, 2);
    if (next < 0) return next;
  }
  const counted = kind !== type.TYPE_STREAM_LISTPACKS;
  next = skipLengths(buffer, next, end, counted ? 8 : 3);
  if (next < 0) return next;
  next = countAt(buffer, next, end);
  if (next < 0) return next;
  for (let groups = read.length; groups > 0; groups--) {
    next = skipGroup(kind, buffer, next, end);
    if (next < 0) return next;
  }
  const idempotent = kind === type.TYPE_STREAM_LISTPACKS_4 || kind === type.TYPE_STREAM_LISTPACKS_5;
  return idempotent ? skipProducers(buffer, next, end) : next;
}

function skipGroup(kind: number, buffer: Uint8Array, at: number, end: number): number {
  let next = skipString(buffer, at, end);
  if (next < 0) return next;
  next = skipLengths(buffer, next, end, kind === type.TYPE_STREAM_LISTPACKS ? 2 : 3);
  if (next < 0) return next;
  next = countAt(buffer, next, end);
  if (next < 0) return next;
  for (let pending = read.length; pending > 0; pending--) {
    next = skipLengths(buffer, next + 24, end, 1);
    if (next < 0) return next;
  }
  next = countAt(buffer, next, end);
  if (next < 0) return next;
  const times = kind === type.TYPE_STREAM_LISTPACKS || kind === type.TYPE_STREAM_LISTPACKS_2 ? 8 : 16;
  for (let consumers = read.length; consumers > 0; consumers--) {
    next = skipString(buffer, next, end);
    if (next < 0) return next;
    next = countAt(buffer, next + times, end);
    if (next < 0) return next;
    next += read.length * 16;
    if (next > end) return -next;
  }
  if (kind !== type.TYPE_STREAM_LISTPACKS_5) return next;
  next = countAt(buffer, next, end);
  if (next < 0) return next;
  next += read.length * 16;
  return next > end ? -next : next;
}

/** Idempotent producers of Redis 8.6: duration, maximum, producers with their message IDs, two counters. */
function skipProducers(buffer: Uint8Array, at: number, end: number): number {
  let next = skipLengths(buffer, at, end, 2);
  if (next < 0) return next;
  next = countAt(buffer, next, end);
  if (next < 0) return next;
  for (let producers = read.length; producers > 0; producers--) {
    next = skipString(buffer, next, end);
    if (next < 0) return next;
    next = countAt(buffer, next, end);
    if (next < 0) return next;
    for (let messages = read.length; messages > 0; messages--) {
      next = skipString(buffer, next, end);
      if (next < 0) return next;
      next = skipLengths(buffer, next, end, 2);
      if (next < 0) return next;
    }
  }
  return skipLengths(buffer, next, end, 2);
}

function skipStrings(buffer: Uint8Array, at: number, end: number, count: number): number {
  let next = at;
  for (let left = count; left > 0 && next >= 0; left--) next = skipString(buffer, next, end);
  return next;
}

function uint32(buffer: Uint8Array, at: number): number {
  return ((buffer[at]! << 24) | (buffer[at + 1]! << 16) | (buffer[at + 2]! << 8) | buffer[at + 3]!) >>> 0;
}
