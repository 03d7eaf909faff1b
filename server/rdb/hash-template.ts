import { stringAt, text } from "./rdb-key.ts";
import { countAt, RdbBroken, read } from "./rdb-length.ts";

/** Bytes of an RDB's templates together, what holds them included: they stay in memory until its end. */
const MOST_BYTES = 16 * 1024 * 1024;
/** Of a template beside its names (two typed arrays and a place in the map, as measured), and of a name beside its bytes. */
const TEMPLATE_BYTES = 512;
const NAME_BYTES = 4;

/** The names of a template's fields, one behind the other, and where each ends. */
type HashTemplate = { readonly names: Uint8Array; readonly ends: Uint32Array };

/** Field names that hashes share, by the number of their template (redis 8.10: rdb.c RDB_OPCODE_HASH_TEMPLATE). */
export class HashTemplates {
  readonly #templates = new Map<number, HashTemplate>();
  #bytes = 0;

  get(number: number): HashTemplate | undefined {
    return this.#templates.get(number);
  }

  /** False when there is no room for it. */
  add(number: number, template: HashTemplate): boolean {
    this.#bytes += sizeOf(template.names.length, template.ends.length);
    const former = this.#templates.get(number);
    if (former !== undefined) this.#bytes -= sizeOf(former.names.length, former.ends.length);
    if (this.#bytes > MOST_BYTES) return false;
    this.#templates.set(number, template);
    return true;
  }
}

function sizeOf(bytes: number, names: number): number {
  return TEMPLATE_BYTES + bytes + NAME_BYTES * names;
}

/** Reads one template, number, count and names, into `templates`; the answer is that of rdb-length.ts. */
export function templateAt(buffer: Uint8Array, at: number, end: number, templates: HashTemplates): number {
  let next = countAt(buffer, at, end);
  if (next < 0) return next;
  const number = read.length;
  next = countAt(buffer, next, end);
  if (next < 0) return next;
  const count = read.length;
  // Each name takes a byte at least, so what is said here is not waited for when it cannot come true.
  if (sizeOf(count, count) > MOST_BYTES) throw tooLarge(at);
  const first = next;
  let length = 0;
  for (let left = count; left > 0; left--) {
    next = stringAt(buffer, next, end);
    if (next < 0) return next;
    length += text.end - text.start;
  }
  if (sizeOf(length, count) > MOST_BYTES) throw tooLarge(at);
  const names = new Uint8Array(length);
  const ends = new Uint32Array(count);
  let filled = 0;
  next = first;
  for (let index = 0; index < count; index++) {
    next = stringAt(buffer, next, end);
    names.set(text.bytes.subarray(text.start, text.end), filled);
    filled += text.end - text.start;
    ends[index] = filled;
  }
  if (!templates.add(number, { names, ends })) throw tooLarge(at);
  return next;
}

function tooLarge(at: number): RdbBroken {
  return new RdbBroken(at, `the templates of its hashes take more than ${MOST_BYTES} bytes`);
}
