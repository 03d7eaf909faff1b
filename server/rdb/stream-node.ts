import { copyOf } from "./copy-of.ts";
import type { Broken } from "./element-cursor.ts";
import { Listpack } from "./listpack.ts";

/** Flags of an entry (redis: stream.h). */
const DELETED = 1;
const SAME_FIELDS = 2;
const MASK_64 = (1n << 64n) - 1n;

export type StreamEntry = {
  readonly ms: bigint;
  readonly sequence: bigint;
  /** Fields and values in turn; views of the listpack or copies. */
  readonly parts: readonly Uint8Array[];
};

/**
 * The entries of one node of a stream that are not deleted (redis: t_stream.c streamAppendItem). The listpack
 * begins with a master entry: count, deleted, the fields most entries share, 0. Each entry: flags, ID as
 * differences to the node's, fields and values or only values, and its number of elements.
 */
export function* streamEntries(
  blob: Uint8Array,
  masterMs: bigint,
  masterSequence: bigint,
  broken: Broken,
): Generator<StreamEntry> {
  const elements = new Listpack(blob, broken);
  const integer = () => {
    if (!elements.next()) throw broken("a node of a stream ends within an entry");
    return BigInt(elements.integer ?? textInteger(elements, broken));
  };
  const part = () => {
    if (!elements.next()) throw broken("a node of a stream ends within an entry");
    return copyOf(elements.bytes, elements.start, elements.end);
  };
  const parts = (count: bigint) => {
    // An element costs at least two bytes, so this bounds what a broken count can make.
    if (count < 0n || count > blob.length) throw broken(`an entry of a stream has ${count} fields`);
    return Array.from({ length: Number(count) }, part);
  };
  integer();
  integer();
  const masterFields = parts(integer());
  integer();
  while (elements.next()) {
    const flags = Number(elements.integer ?? textInteger(elements, broken));
    const ms = (masterMs + integer()) & MASK_64;
    const sequence = (masterSequence + integer()) & MASK_64;
    let pairs: Uint8Array[];
    if ((flags & SAME_FIELDS) !== 0) {
      pairs = masterFields.flatMap((field) => [field, part()]);
    } else {
      pairs = parts(integer() * 2n);
    }
    integer();
    if ((flags & DELETED) === 0) yield { ms, sequence, parts: pairs };
  }
}

function textInteger(element: Listpack, broken: Broken): bigint {
  const text = Buffer.from(element.bytes.subarray(element.start, element.end)).toString("latin1");
  if (!/^-?\d{1,20}$/.test(text)) throw broken("a node of a stream has a text where a number is wanted");
  return BigInt(text);
}
