import { addMs, type ExpiryTime, parseExpiryTime } from "../redis/expiry-time.ts";
import { copyOf } from "./copy-of.ts";
import { ElementBatch } from "./element-batch.ts";
import { Listpack } from "./listpack.ts";
import type { RdbInput } from "./rdb-input.ts";
import { countAt } from "./rdb-length.ts";
import { millisecondsAt } from "./rdb-time.ts";
import * as type from "./rdb-type.ts";
import { FIELD_EXPIRY_LOSS, type ValueWriting } from "./value-writing.ts";
import { Ziplist } from "./ziplist.ts";
import { Zipmap } from "./zipmap.ts";

/** A hash as HSET, and HPEXPIREAT for fields that expire. */
export async function writeHash(writing: ValueWriting, kind: number): Promise<void> {
  const fields = new HashFields(writing);
  switch (kind) {
    case type.TYPE_HASH:
    case type.TYPE_HASH_METADATA:
    case type.TYPE_HASH_METADATA_PRE_GA:
    case type.TYPE_HASH_2_VALKEY:
      await addPairs(writing, fields, kind);
      break;
    default:
      await addPacked(writing, fields, kind);
  }
  fields.flush();
}

/** Fields on their way, and the expiries that have to follow them. */
class HashFields {
  readonly batch: ElementBatch;
  readonly #writing: ValueWriting;
  #expiries: { readonly field: Uint8Array; readonly at: ExpiryTime }[] = [];
  #expiryBytes = 0;

  constructor(writing: ValueWriting) {
    this.#writing = writing;
    // HSET takes several fields from 4.0 on; HMSET has always done so.
    this.batch = new ElementBatch(writing, "HMSET", 2);
  }

  /** Notes that `field` expires `at` ms since the epoch. */
  expire(field: Uint8Array, at: ExpiryTime): void {
    if (!this.#writing.capabilities.fieldExpiry) {
      this.#writing.lose(FIELD_EXPIRY_LOSS);
      return;
    }
    this.#expiries.push({ field, at });
    this.#expiryBytes += field.length;
  }

  /** To be awaited after each field when it gives a promise. */
  settle(): Promise<void> | undefined {
    const { chunkElements, chunkBytes } = this.#writing;
    if (this.#expiries.length >= chunkElements || this.#expiryBytes >= chunkBytes) this.flush();
    return this.batch.settle();
  }

  flush(): void {
    this.batch.flush();
    const { out, key } = this.#writing;
    for (const { field, at } of this.#expiries)
      out.command("HPEXPIREAT", key, String(at), "FIELDS", 1, field);
    this.#expiries = [];
    this.#expiryBytes = 0;
  }
}

/**
 * Fields and values as strings. The expiry of a field stands before it as a length: 0 for none, else ms above
 * the least of all, which the value begins with (in the pre-release of 7.4: ms since the epoch). In Valkey it
 * follows as 8 bytes, -1 for none (redis and valkey: rdb.c rdbSaveObject).
 */
async function addPairs(writing: ValueWriting, fields: HashFields, kind: number): Promise<void> {
  const { input, string, chunkBytes } = writing;
  const least: ExpiryTime = kind === type.TYPE_HASH_METADATA ? await milliseconds(input) : 1;
  const before = kind === type.TYPE_HASH_METADATA || kind === type.TYPE_HASH_METADATA_PRE_GA;
  const after = kind === type.TYPE_HASH_2_VALKEY;
  for (let left = await input.take(countAt); left > 0; left--) {
    let expireAt: ExpiryTime = -1;
    if (before) {
      const ttl = await input.take(countAt);
      if (ttl > 0) expireAt = addMs(least, ttl - 1);
    }
    await string.read(input, chunkBytes);
    const held = string.streamed < 0;
    const field = held && (after || expireAt >= 0) ? copyOf(string.bytes, string.start, string.end) : null;
    if (string.streamed < 0) fields.batch.add(string.bytes, string.start, string.end);
    else await fields.batch.addStreamed(string);
    await string.read(input, chunkBytes);
    if (string.streamed < 0) fields.batch.add(string.bytes, string.start, string.end);
    else await fields.batch.addStreamed(string);
    if (after) expireAt = await milliseconds(input);
    if (expireAt >= 0) {
      if (field !== null) fields.expire(field, expireAt);
      else writing.lose(`the expiry of a field whose name is longer than ${chunkBytes} bytes`);
    }
    const waiting = fields.settle();
    if (waiting !== undefined) await waiting;
  }
}

/** Fields and values in turn in one blob, with field expiry a third element: ms since the epoch, 0 for none. */
async function addPacked(writing: ValueWriting, fields: HashFields, kind: number): Promise<void> {
  const { input } = writing;
  const expiring = kind === type.TYPE_HASH_LISTPACK_EX || kind === type.TYPE_HASH_LISTPACK_EX_PRE_GA;
  if (kind === type.TYPE_HASH_LISTPACK_EX) await milliseconds(input);
  const blob = await writing.blob("a hash");
  if (blob === null) return;
  const broken = (detail: string) => input.corrupt(detail, blob.offset);
  const Pack = kind === type.TYPE_HASH_ZIPMAP ? Zipmap : kind === type.TYPE_HASH_ZIPLIST ? Ziplist : Listpack;
  const elements = new Pack(blob.bytes, broken);
  while (elements.next()) {
    const field = expiring ? copyOf(elements.bytes, elements.start, elements.end) : null;
    fields.batch.add(elements.bytes, elements.start, elements.end);
    if (!elements.next()) throw broken("a hash has a field without a value");
    fields.batch.add(elements.bytes, elements.start, elements.end);
    if (field !== null) {
      if (!elements.next()) throw broken("a hash has a field without an expiry");
      const text = Buffer.from(elements.bytes.subarray(elements.start, elements.end)).toString("latin1");
      const at = parseExpiryTime(text);
      if (at === null || at < 0) throw broken("a hash field has an expiry that is not a number");
      if (at !== 0) fields.expire(field, at);
    }
    const waiting = fields.settle();
    if (waiting !== undefined) await waiting;
  }
}

async function milliseconds(input: RdbInput): Promise<ExpiryTime> {
  if (input.end - input.pos < 8) await input.fill(8);
  const time = millisecondsAt(input.buffer, input.pos);
  input.pos += 8;
  return time;
}
