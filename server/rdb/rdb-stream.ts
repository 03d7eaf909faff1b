import { countAt, skipLengths } from "./rdb-length.ts";
import * as type from "./rdb-type.ts";
import { writeGroups } from "./stream-groups.ts";
import { ID_BYTES, idText, type StreamFacts, StreamIds, uint64 } from "./stream-ids.ts";
import { streamEntries } from "./stream-node.ts";
import type { ValueWriting } from "./value-writing.ts";

/** IDs of entries that are kept to tell which pending ones still exist: 32 bytes each. */
const KNOWN_ENTRIES = 262_144;

/** A stream as XADD with the entries' own IDs, XSETID, and its groups, consumers and pending entries. */
export async function writeStream(writing: ValueWriting, kind: number): Promise<void> {
  const { input, out, key, capabilities } = writing;
  if (!capabilities.streams) {
    writing.lose("the stream: the destination has none (they came with Redis 5)");
  }
  const target = capabilities.streams;
  const entries = new StreamIds(KNOWN_ENTRIES);
  const written = await writeEntries(writing, entries, target);
  await input.take(countAt);
  const last = [await uint64(input), await uint64(input)] as const;
  const counted = kind !== type.TYPE_STREAM_LISTPACKS;
  let greatestDeleted: StreamFacts["greatestDeleted"] = null;
  let added = 0n;
  if (counted) {
    await input.take(twoLengths);
    greatestDeleted = [await uint64(input), await uint64(input)];
    added = await uint64(input);
  }
  if (target) {
    // An empty stream exists all the same: an entry that is trimmed away at once makes one.
    if (written === 0) out.command("XADD", key, "MAXLEN", 0, "0-1", "x", "y");
    const counters =
      greatestDeleted !== null && capabilities.streamCounters
        ? ["ENTRIESADDED", String(added), "MAXDELETEDID", idText(...greatestDeleted)]
        : [];
    out.command("XSETID", key, idText(...last), ...counters);
  }
  await writeGroups(writing, kind, { entries, greatestDeleted }, target);
  if (kind === type.TYPE_STREAM_LISTPACKS_4 || kind === type.TYPE_STREAM_LISTPACKS_5) {
    await passProducers(writing);
  }
}

/** Writes the entries of all nodes and returns how many. */
async function writeEntries(writing: ValueWriting, ids: StreamIds, target: boolean): Promise<number> {
  const { input, out, key, string } = writing;
  let written = 0;
  let sinceDrain = 0;
  for (let left = await input.take(countAt); left > 0; left--) {
    await string.read(input, ID_BYTES);
    if (string.streamed >= 0 || string.end - string.start !== ID_BYTES) {
      throw input.corrupt("a node of a stream has no ID of 16 bytes");
    }
    const id = new DataView(string.bytes.buffer, string.bytes.byteOffset + string.start, ID_BYTES);
    const ms = id.getBigUint64(0);
    const sequence = id.getBigUint64(8);
    const node = await writing.blob("a node of the stream");
    if (node === null) continue;
    for (const entry of streamEntries(node.bytes, ms, sequence, (detail) =>
      input.corrupt(detail, node.offset),
    )) {
      ids.add(entry.ms, entry.sequence);
      written++;
      if (!target) continue;
      out.begin(3 + entry.parts.length);
      out.argument("XADD");
      out.argument(key);
      out.argument(idText(entry.ms, entry.sequence));
      for (const part of entry.parts) {
        out.argument(part);
        sinceDrain += part.length;
      }
      sinceDrain += 64;
      if (sinceDrain < writing.chunkBytes) continue;
      sinceDrain = 0;
      await writing.drain();
    }
  }
  return written;
}

/** Redis 8.6: what idempotent producers have sent. XADD alone cannot bring it back. */
async function passProducers(writing: ValueWriting): Promise<void> {
  const { input, string } = writing;
  await input.take(twoLengths);
  const producers = await input.take(countAt);
  for (let left = producers; left > 0; left--) {
    await string.pass(input);
    for (let messages = await input.take(countAt); messages > 0; messages--) {
      await string.pass(input);
      await input.take(twoLengths);
    }
  }
  await input.take(twoLengths);
  if (producers > 0) writing.lose("the message IDs of the stream's idempotent producers");
}

function twoLengths(buffer: Uint8Array, at: number, end: number): number {
  return skipLengths(buffer, at, end, 2);
}
