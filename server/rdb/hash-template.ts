import { copyOf } from "./copy-of.ts";
import { ElementBatch } from "./element-batch.ts";
import { Listpack } from "./listpack.ts";
import { stringAt, text } from "./rdb-key.ts";
import { countAt, read } from "./rdb-length.ts";
import { TYPE_HASH_TMPL_LP_REF } from "./rdb-type.ts";
import type { ValueWriting } from "./value-writing.ts";

/** Field names that hashes share, by the number of their template (redis 8.10: rdb.c RDB_OPCODE_HASH_TEMPLATE). */
export type HashTemplates = Map<number, readonly Uint8Array[]>;

/** Reads one template, number, count and names, into `templates`; the answer is that of rdb-length.ts. */
export function templateAt(buffer: Uint8Array, at: number, end: number, templates: HashTemplates): number {
  let next = countAt(buffer, at, end);
  if (next < 0) return next;
  const number = read.length;
  next = countAt(buffer, next, end);
  if (next < 0) return next;
  const fields: Uint8Array[] = [];
  for (let left = read.length; left > 0; left--) {
    next = stringAt(buffer, next, end);
    if (next < 0) return next;
    fields.push(copyOf(text.bytes, text.start, text.end));
  }
  templates.set(number, fields);
  return next;
}

/** A hash whose value holds a template's number and the values of its fields, in a listpack or as strings. */
export async function writeTemplateHash(writing: ValueWriting, kind: number): Promise<void> {
  const batch = new ElementBatch(writing, "HMSET", 2);
  if (kind === TYPE_HASH_TMPL_LP_REF) await addPacked(writing, batch);
  else await addStrings(writing, batch);
  batch.flush();
}

async function addPacked(writing: ValueWriting, batch: ElementBatch): Promise<void> {
  const blob = await writing.blob("a hash");
  if (blob === null) return;
  const broken = (detail: string) => writing.input.corrupt(detail, blob.offset);
  const elements = new Listpack(blob.bytes, broken);
  if (!elements.next() || elements.integer === null) throw broken("a hash does not name its template");
  for (const field of fieldsOf(writing, Number(elements.integer))) {
    if (!elements.next()) throw broken("a hash has fewer values than its template has fields");
    batch.add(field, 0, field.length);
    batch.add(elements.bytes, elements.start, elements.end);
    const waiting = batch.settle();
    if (waiting !== undefined) await waiting;
  }
}

async function addStrings(writing: ValueWriting, batch: ElementBatch): Promise<void> {
  const { input, string, chunkBytes } = writing;
  const number = await input.take(countAt);
  for (const field of fieldsOf(writing, number)) {
    batch.add(field, 0, field.length);
    await string.read(input, chunkBytes);
    if (string.streamed < 0) batch.add(string.bytes, string.start, string.end);
    else await batch.addStreamed(string);
    const waiting = batch.settle();
    if (waiting !== undefined) await waiting;
  }
}

function fieldsOf(writing: ValueWriting, number: number): readonly Uint8Array[] {
  const fields = writing.templates?.get(number);
  if (fields === undefined) throw writing.input.corrupt(`there is no hash template ${number}`);
  return fields;
}
