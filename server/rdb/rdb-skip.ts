import { countAt, RdbBroken, read, skipLengths, skipString } from "./rdb-length.ts";
import * as type from "./rdb-type.ts";
import { skipStream } from "./stream-skip.ts";

/**
 * Passing over values without decoding them: how the hot path finds where a value ends. The answers are those
 * of rdb-length.ts; all of it follows redis: rdb.c rdbLoadObject.
 */

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
    case type.TYPE_ARRAY:
      return skipArray(buffer, at, end);
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

/** A count, the insert index if there is one, then each element's index, kind and text or number of 8 bytes. */
function skipArray(buffer: Uint8Array, at: number, end: number): number {
  let next = countAt(buffer, at, end);
  if (next < 0) return next;
  const count = read.length;
  next = countAt(buffer, next, end);
  if (next < 0) return next;
  if (read.length > 0) next = skipLengths(buffer, next, end, 1);
  for (let left = count; left > 0 && next >= 0; left--) {
    next = skipLengths(buffer, next, end, 1);
    if (next < 0) return next;
    const before = next;
    next = countAt(buffer, next, end);
    if (next < 0) return next;
    if (read.length > 3) throw new RdbBroken(before, `an array has an element of kind ${read.length}`);
    if (read.length === 1 || read.length === 2) next += 8;
    else next = skipString(buffer, next, end);
  }
  return next > end ? -next : next;
}
