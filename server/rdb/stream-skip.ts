import { countAt, read, skipLengths, skipString } from "./rdb-length.ts";
import * as type from "./rdb-type.ts";

/** Passes a stream of `kind`; the answer is that of rdb-length.ts (redis: rdb.c rdbLoadObject). */
export function skipStream(kind: number, buffer: Uint8Array, at: number, end: number): number {
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
