import { countAt, skipLengths } from "./rdb-length.ts";
import type { ValueWriting } from "./value-writing.ts";

/** Kinds of an array's elements (redis 8.8: sparsearray.h AR_RDB_TAG_*): 1 and 2 are numbers of 8 bytes, 0 and 3 texts. */
const INTEGER = 1;
const FLOAT = 2;
const LAST_KIND = 3;

/** An array of Redis 8.8, which is copied by RESTORE or not at all: it is passed and said to be lost. */
export async function loseArray(writing: ValueWriting): Promise<void> {
  const { input, string } = writing;
  writing.lose("the array: only Redis 8.8 and later have them, and only RESTORE copies one");
  const count = await input.take(countAt);
  const hasInsertIndex = await input.take(countAt);
  if (hasInsertIndex > 0) await input.take(oneLength);
  for (let left = count; left > 0; left--) {
    await input.take(oneLength);
    const kind = await input.take(countAt);
    if (kind > LAST_KIND) throw input.corrupt(`an array has an element of kind ${kind}`);
    if (kind === INTEGER || kind === FLOAT) await input.skip(8);
    else await string.pass(input);
  }
}

function oneLength(buffer: Uint8Array, at: number, end: number): number {
  return skipLengths(buffer, at, end, 1);
}
