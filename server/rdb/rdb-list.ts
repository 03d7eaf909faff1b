import { ElementBatch } from "./element-batch.ts";
import type { ElementCursor } from "./element-cursor.ts";
import { Listpack } from "./listpack.ts";
import { countAt } from "./rdb-length.ts";
import { TYPE_LIST, TYPE_LIST_QUICKLIST_2, TYPE_LIST_ZIPLIST } from "./rdb-type.ts";
import type { ValueWriting } from "./value-writing.ts";
import { Ziplist } from "./ziplist.ts";

/** A quicklist's node is one element (redis: quicklist.h QUICKLIST_NODE_CONTAINER_PLAIN) or a listpack of many. */
const PLAIN = 1;
const PACKED = 2;

/** A list as RPUSH: elements, a ziplist, or a quicklist whose nodes are ziplists, listpacks or one element each. */
export async function writeList(writing: ValueWriting, kind: number): Promise<void> {
  const { input, string } = writing;
  const batch = new ElementBatch(writing, "RPUSH", 1);
  if (kind === TYPE_LIST_ZIPLIST) {
    await pushNode(writing, batch, Ziplist);
    batch.flush();
    return;
  }
  for (let left = await input.take(countAt); left > 0; left--) {
    let container = kind === TYPE_LIST ? PLAIN : PACKED;
    if (kind === TYPE_LIST_QUICKLIST_2) {
      container = await input.take(countAt);
      if (container !== PLAIN && container !== PACKED) {
        throw input.corrupt(`a quicklist has a node of kind ${container}`);
      }
    }
    if (container === PLAIN) {
      await string.read(input, writing.chunkBytes);
      if (string.streamed < 0) batch.add(string.bytes, string.start, string.end);
      else await batch.addStreamed(string);
    } else {
      await pushNode(writing, batch, kind === TYPE_LIST_QUICKLIST_2 ? Listpack : Ziplist);
    }
    const waiting = batch.settle();
    if (waiting !== undefined) await waiting;
  }
  batch.flush();
}

async function pushNode(
  writing: ValueWriting,
  batch: ElementBatch,
  Node: new (blob: Uint8Array, broken: (detail: string) => Error) => ElementCursor,
): Promise<void> {
  const node = await writing.blob("a node of the list");
  if (node === null) return;
  const elements = new Node(node.bytes, (detail) => writing.input.corrupt(detail, node.offset));
  while (elements.next()) {
    batch.add(elements.bytes, elements.start, elements.end);
    const waiting = batch.settle();
    if (waiting !== undefined) await waiting;
  }
}
