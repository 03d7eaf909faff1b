import { LZF_MAX_RATIO, lzfDecompress } from "../redis/lzf.ts";
import { countAt, lengthAt, RdbBroken, read } from "./rdb-length.ts";

/** Bytes that a compressed key or text may become. */
const LONGEST_COMPRESSED = 16 * 1024 * 1024;
const empty = new Uint8Array(0);
const digits = new Uint8Array(24);

/** A string that has been read by `stringAt`: `bytes[start, end)`, valid until the next one is read. */
export const text: { bytes: Uint8Array; start: number; end: number } = { bytes: empty, start: 0, end: 0 };

/** Reads and decodes a string into `text`; the answer is that of rdb-length.ts. For keys and short texts. */
export function stringAt(buffer: Uint8Array, at: number, end: number): number {
  const next = lengthAt(buffer, at, end);
  if (next < 0) return next;
  if (read.encoded) return encodedAt(buffer, at, next, end);
  const stop = next + read.length;
  if (stop > end) return -stop;
  text.bytes = buffer;
  text.start = next;
  text.end = stop;
  return stop;
}

function encodedAt(buffer: Uint8Array, began: number, at: number, end: number): number {
  const kind = read.length;
  if (kind === 3) return compressedAt(buffer, began, at, end);
  if (kind > 3) throw new RdbBroken(began, `there is no string encoding ${kind}`);
  const stop = at + (1 << kind);
  if (stop > end) return -stop;
  setInteger(integerAt(buffer, at, kind));
  return stop;
}

/** The integer of an encoded string: kind 0, 1 and 2 are 8, 16 and 32 bits, signed, little-endian. */
export function integerAt(buffer: Uint8Array, at: number, kind: number): number {
  if (kind === 0) return (buffer[at]! << 24) >> 24;
  if (kind === 1) return ((buffer[at]! | (buffer[at + 1]! << 8)) << 16) >> 16;
  return buffer[at]! | (buffer[at + 1]! << 8) | (buffer[at + 2]! << 16) | (buffer[at + 3]! << 24);
}

function setInteger(value: number): void {
  text.bytes = digits;
  text.start = 0;
  text.end = writeInteger(value, digits);
}

/** Writes an integer in decimal at the start of `into` (20 bytes suffice for 64 bits) and returns how many bytes that took. */
export function writeInteger(value: number | bigint, into: Uint8Array): number {
  const decimal = String(value);
  for (let index = 0; index < decimal.length; index++) into[index] = decimal.charCodeAt(index);
  return decimal.length;
}

function compressedAt(buffer: Uint8Array, began: number, at: number, end: number): number {
  let next = countAt(buffer, at, end);
  if (next < 0) return next;
  const compressed = read.length;
  next = countAt(buffer, next, end);
  if (next < 0) return next;
  const length = read.length;
  const stop = next + compressed;
  if (stop > end) return -stop;
  // Nothing is allocated by a stated length that the bytes here cannot fill.
  if (length > compressed * LZF_MAX_RATIO || length > LONGEST_COMPRESSED)
    throw new RdbBroken(began, "a compressed string states too great a length");
  const bytes = new Uint8Array(length);
  if (!lzfDecompress(buffer, next, stop, bytes, 0, length)) {
    throw new RdbBroken(began, "a compressed string does not have its stated length");
  }
  text.bytes = bytes;
  text.start = 0;
  text.end = length;
  return stop;
}
