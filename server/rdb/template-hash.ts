import { ElementBatch } from "./element-batch.ts";
import { Listpack } from "./listpack.ts";
import { countAt } from "./rdb-length.ts";
import { TYPE_HASH_TMPL_LP_REF } from "./rdb-type.ts";
import type { ValueWriting } from "./value-writing.ts";

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

function* fieldsOf(writing: ValueWriting, number: number): Generator<Uint8Array> {
  const template = writing.templates?.get(number);
  if (template === undefined) throw writing.input.corrupt(`there is no hash template ${number}`);
  const { names, ends } = template;
  for (let index = 0; index < ends.length; index++) {
    yield names.subarray(index === 0 ? 0 : ends[index - 1], ends[index]);
  }
}
