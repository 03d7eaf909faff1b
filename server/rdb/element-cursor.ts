/**
 * The elements of a listpack, ziplist, intset or zipmap that is in memory whole, one after another. Both forms
 * of an element are kept: the text, and for one that is stored as an integer its value.
 */
export interface ElementCursor {
  /** Moves to the next element. False after the last. Throws RDB_CORRUPT. */
  next(): boolean;
  /** The element is `bytes[start, end)`, valid until the next call. */
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Makes the error for something broken in an encoded collection. */
export type Broken = (detail: string) => Error;
