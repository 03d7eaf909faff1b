import { copyOf } from "./copy-of.ts";
import { countAt } from "./rdb-length.ts";
import { millisecondsAt } from "./rdb-time.ts";
import * as type from "./rdb-type.ts";
import { ID_BYTES, idText, type StreamFacts, StreamIds, uint64 } from "./stream-ids.ts";
import type { ValueWriting } from "./value-writing.ts";

/** Pending entries of a group whose delivery is known: 32 bytes each. */
const KNOWN_PENDING = 1_048_576;
/** Pending entries or consumers between two waits for the destination. */
const DRAIN_EVERY = 256;
/** An unknown number of entries read (redis: stream.h SCG_INVALID_ENTRIES_READ, -1 as 64 bits). */
const UNKNOWN_READ = 0xffff_ffff_ffff_ffffn;

/**
 * Writes a stream's groups: XGROUP CREATE, XGROUP CREATECONSUMER, and XCLAIM with the time and count of the
 * delivery for each pending entry. With `target` false they are only passed.
 */
export async function writeGroups(
  writing: ValueWriting,
  kind: number,
  facts: StreamFacts,
  target: boolean,
): Promise<void> {
  const { input, out, key, string, capabilities } = writing;
  for (let left = await input.take(countAt); left > 0; left--) {
    const group = await name(writing, "a group");
    const last = idText(await uint64(input), await uint64(input));
    const entriesRead = kind === type.TYPE_STREAM_LISTPACKS ? UNKNOWN_READ : await uint64(input);
    if (target && group !== null) {
      const counter =
        capabilities.streamCounters && entriesRead !== UNKNOWN_READ
          ? ["ENTRIESREAD", String(entriesRead)]
          : [];
      out.command("XGROUP", "CREATE", key, group, last, ...counter);
    }
    const pending = await pendingOf(writing);
    for (let consumers = await input.take(countAt); consumers > 0; consumers--) {
      await writeConsumer(writing, kind, facts, group, pending, target);
    }
    if (kind === type.TYPE_STREAM_LISTPACKS_5) {
      const unowned = await input.take(countAt);
      await input.skip(unowned * ID_BYTES);
      writing.lose("a pending entry that no consumer owns", unowned);
    }
  }
  await string.drop(input);
}

/** A group's pending entries with the time (ms since the epoch) and the count of their delivery. */
async function pendingOf(writing: ValueWriting): Promise<StreamIds> {
  const { input } = writing;
  const pending = new StreamIds(KNOWN_PENDING);
  for (let left = await input.take(countAt); left > 0; left--) {
    if (input.end - input.pos < 24) await input.fill(24);
    const view = new DataView(input.buffer.buffer, input.buffer.byteOffset + input.pos, 24);
    const ms = view.getBigUint64(0);
    const sequence = view.getBigUint64(8);
    const time = Number(millisecondsAt(input.buffer, input.pos + 16));
    input.pos += 24;
    pending.add(ms, sequence, time, await input.take(countAt));
  }
  return pending;
}

async function writeConsumer(
  writing: ValueWriting,
  kind: number,
  facts: StreamFacts,
  group: Uint8Array | null,
  pending: StreamIds,
  target: boolean,
): Promise<void> {
  const { input, out, key, capabilities } = writing;
  const consumer = await name(writing, "a consumer");
  const old = kind === type.TYPE_STREAM_LISTPACKS || kind === type.TYPE_STREAM_LISTPACKS_2;
  await input.skip(old ? 8 : 16);
  const count = await input.take(countAt);
  const wanted = target && group !== null && consumer !== null;
  if (wanted) {
    writing.lose("when a consumer was last seen and active");
    if (capabilities.createConsumer) out.command("XGROUP", "CREATECONSUMER", key, group, consumer);
    // To read what it has pending, which is nothing yet, makes a consumer that is not there.
    else out.command("XREADGROUP", "GROUP", group, consumer, "COUNT", 1, "STREAMS", key, "0");
  }
  for (let left = count; left > 0; left--) {
    if (input.end - input.pos < ID_BYTES) await input.fill(ID_BYTES);
    const view = new DataView(input.buffer.buffer, input.buffer.byteOffset + input.pos, ID_BYTES);
    const ms = view.getBigUint64(0);
    const sequence = view.getBigUint64(8);
    input.pos += ID_BYTES;
    if (wanted) claim(writing, facts, group, consumer, pending, ms, sequence);
    if (left % DRAIN_EVERY === 0) await writing.drain();
  }
}

function claim(
  writing: ValueWriting,
  facts: StreamFacts,
  group: Uint8Array,
  consumer: Uint8Array,
  pending: StreamIds,
  ms: bigint,
  sequence: bigint,
): void {
  const { out, key } = writing;
  if (facts.entries.find(ms, sequence) < 0) {
    // XCLAIM passes over an entry that no longer exists, FORCE or not (redis: t_stream.c xclaimCommand).
    if (!facts.entries.overflowed) {
      writing.lose("a pending entry that the stream no longer has");
      return;
    }
    if (mayBeDeleted(facts, ms, sequence))
      writing.lose("perhaps a pending entry, if the stream no longer has it");
  }
  const index = pending.find(ms, sequence);
  const delivery =
    index < 0 ? [] : ["TIME", String(pending.first(index)), "RETRYCOUNT", String(pending.second(index))];
  if (index < 0) writing.lose("when a pending entry was delivered");
  out.command("XCLAIM", key, group, consumer, 0, idText(ms, sequence), ...delivery, "FORCE", "JUSTID");
}

/** Whether an entry that is not known may be gone: above the greatest deleted ID all exist. */
function mayBeDeleted(facts: StreamFacts, ms: bigint, sequence: bigint): boolean {
  if (facts.greatestDeleted === null) return true;
  const [deletedMs, deletedSequence] = facts.greatestDeleted;
  return ms < deletedMs || (ms === deletedMs && sequence <= deletedSequence);
}

/** The name of a group or consumer; null when it is too long to be held. */
async function name(writing: ValueWriting, what: string): Promise<Uint8Array | null> {
  const blob = await writing.blob(what);
  return blob === null ? null : copyOf(blob.bytes);
}
