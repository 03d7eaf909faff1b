import { ElementBatch } from "./element-batch.ts";
import { Intset } from "./intset.ts";
import { Listpack } from "./listpack.ts";
import { countAt } from "./rdb-length.ts";
import { TYPE_SET, TYPE_SET_INTSET } from "./rdb-type.ts";
import type { ValueWriting } from "./value-writing.ts";

/** A set as SADD: members, an intset or a listpack. */
export async function writeSet(writing: ValueWriting, kind: number): Promise<void> {
  const { input, string } = writing;
  const batch = new ElementBatch(writing, "SADD", 1);
  if (kind === TYPE_SET) {
    for (let left = await input.take(countAt); left > 0; left--) {
      await string.read(input, writing.chunkBytes);
      if (string.streamed < 0) batch.add(string.bytes, string.start, string.end);
      else await batch.addStreamed(string);
      const waiting = batch.settle();
      if (waiting !== undefined) await waiting;
    }
    batch.flush();
    return;
  }
  const blob = await writing.blob("a set");
  if (blob === null) return;
  const broken = (detail: string) => input.corrupt(detail, blob.offset);
  const members =
    kind === TYPE_SET_INTSET ? new Intset(blob.bytes, broken) : new Listpack(blob.bytes, broken);
  while (members.next()) {
    batch.add(members.bytes, members.start, members.end);
    const waiting = batch.settle();
    if (waiting !== undefined) await waiting;
  }
  batch.flush();
}
