import { beginsCommand, isCommand } from "./command-table.ts";

/** A line that is longer than this without an end is none (redis: networking.c PROTO_INLINE_MAX_SIZE). */
export const MAX_INLINE = 64 * 1024;
const [TAB, LF, CR, SPACE] = [9, 10, 13, 32];
const [DOUBLE, SINGLE, BACKSLASH] = [34, 39, 92];
const ESCAPES: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, b: 8, a: 7 };

/**
 * Whether a line, or what has come of it, may be a command of words or an empty one: a replica takes them (redis:
 * networking.c processInlineBuffer). Bytes of a stream that has gone wrong are hardly the name of a command.
 * @param whole nothing more belongs to it.
 */
export function mayBeInline(line: Uint8Array, whole: boolean): boolean {
  let start = 0;
  while (start < line.length && isBlank(line[start]!)) start++;
  let end = start;
  while (end < line.length && !endsWord(line[end]!)) end++;
  if (start === end) return true;
  const name = Buffer.from(line.subarray(start, Math.min(end, start + 64)))
    .toString("latin1")
    .toUpperCase();
  return whole || end < line.length ? isCommand(name) : beginsCommand(name);
}

/**
 * The words of a line without its LF; none of an empty one.
 * @returns null where quotes are not closed, or something stands right behind them, or a NUL is within.
 * redis: sds.c sdssplitargs
 */
export function splitInline(line: Uint8Array): Buffer[] | null {
  const words: Buffer[] = [];
  let at = 0;
  for (;;) {
    while (at < line.length && isBlank(line[at]!)) at++;
    if (at >= line.length) return words;
    const word: number[] = [];
    while (at < line.length && !endsWord(line[at]!)) {
      const byte = line[at]!;
      if (byte === 0) return null;
      if (byte !== DOUBLE && byte !== SINGLE) {
        word.push(byte);
        at++;
        continue;
      }
      at = quoted(line, at + 1, byte, word);
      if (at < 0 || (at < line.length && !isBlank(line[at]!))) return null;
      break;
    }
    words.push(Buffer.from(word));
  }
}

/** @returns the place behind the closing quote; -1 where there is none. */
function quoted(line: Uint8Array, from: number, quote: number, word: number[]): number {
  let at = from;
  while (at < line.length) {
    const byte = line[at]!;
    if (byte === quote) return at + 1;
    const next = line[at + 1];
    if (byte !== BACKSLASH || next === undefined || (quote === SINGLE && next !== SINGLE)) {
      word.push(byte);
      at++;
      continue;
    }
    const hex =
      quote === DOUBLE
        ? /^x[0-9a-f]{2}/i.exec(Buffer.from(line.subarray(at + 1, at + 4)).toString("latin1"))
        : null;
    const letter = String.fromCharCode(next);
    word.push(
      hex === null
        ? quote === DOUBLE
          ? (ESCAPES[letter] ?? next)
          : next
        : Number.parseInt(hex[0].slice(1), 16),
    );
    at += hex === null ? 2 : 4;
  }
  return -1;
}

/** C's isspace. */
function isBlank(byte: number): boolean {
  return byte === SPACE || (byte >= TAB && byte <= CR);
}

/** VT and FF, which are blanks before a word, do not end one. */
function endsWord(byte: number): boolean {
  return byte === SPACE || byte === TAB || byte === LF || byte === CR;
}
