import type { RdbInput } from "./rdb-input.ts";
import { countAt, lengthAt, read, skipLengths } from "./rdb-length.ts";
import { RdbString } from "./rdb-string.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/**
 * The module whose 64-bit ID begins at `at`: nine characters of 6 bits, then 10 bits of its encoding's version
 * (redis: module.c moduleTypeNameByID).
 */
export function moduleName(buffer: Uint8Array, at: number, end: number): string {
  if (buffer[at] !== 0x81 || at + 9 > end) {
    lengthAt(buffer, at, end);
    return `module of ID ${read.length}`;
  }
  const id = new DataView(buffer.buffer, buffer.byteOffset + at + 1, 8).getBigUint64(0);
  return `module ${moduleType(buffer, at, end)} (encoding ${id & 1023n})`;
}

/** The nine characters alone, such as `vectorset`; "" where there is no such ID. */
export function moduleType(buffer: Uint8Array, at: number, end: number): string {
  if (buffer[at] !== 0x81 || at + 9 > end) return "";
  const id = new DataView(buffer.buffer, buffer.byteOffset + at + 1, 8).getBigUint64(0);
  let name = "";
  for (let shift = 58n; shift >= 10n; shift -= 6n) name += alphabet[Number((id >> shift) & 63n)];
  return name;
}

/** Passes a module value of any size at `input` and returns what it is called. */
export async function passModule(input: RdbInput): Promise<string> {
  let name = "";
  await input.take((buffer, at, end) => {
    const next = skipLengths(buffer, at, end, 1);
    if (next >= 0) name = moduleName(buffer, at, end);
    return next;
  });
  const string = new RdbString();
  for (;;) {
    const kind = await input.take(countAt);
    if (kind === 0) return name;
    if (kind === 1 || kind === 2) await input.take(oneLength);
    else if (kind === 3) await input.skip(4);
    else if (kind === 4) await input.skip(8);
    else if (kind === 5) await string.pass(input);
    else throw input.corrupt(`a module value has a field of kind ${kind}`);
  }
}

function oneLength(buffer: Uint8Array, at: number, end: number): number {
  return skipLengths(buffer, at, end, 1);
}
