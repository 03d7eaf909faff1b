import type { CommandWriter } from "../redis/command-writer.ts";
import { BoundedWriter } from "./bounded-writer.ts";
import { copyOf } from "./copy-of.ts";
import type { HashTemplates } from "./hash-template.ts";
import { loseArray } from "./rdb-array.ts";
import { writeHash } from "./rdb-hash.ts";
import type { RdbInput } from "./rdb-input.ts";
import { writeList } from "./rdb-list.ts";
import { writeSet } from "./rdb-set.ts";
import { writeStream } from "./rdb-stream.ts";
import * as type from "./rdb-type.ts";
import { capabilitiesOf, type RdbDestination } from "./rdb-version.ts";
import type { RdbEntry } from "./rdb-visitor.ts";
import { writeZset } from "./rdb-zset.ts";
import { writeStringValue } from "./string-value.ts";
import { writeTemplateHash } from "./template-hash.ts";
import { type ValueLoss, ValueWriting } from "./value-writing.ts";

export type WriteValueOptions = {
  /** Elements in one command; 512 unless said. */
  readonly chunkElements?: number;
  /** Bytes in one command, unless a single element is larger; 64 KiB unless said. */
  readonly chunkBytes?: number;
  readonly destination?: RdbDestination | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Field names of the RDB's hash templates, for the hashes that have them. */
  readonly templates?: HashTemplates;
};

/**
 * Decodes the value of `kind` at `input` and writes it as native commands: DEL, then what builds it piece by
 * piece, then PEXPIREAT where the entry expires. The value is passed whole whatever becomes of it; one of which the
 * destination does not take a part is removed there.
 * @returns what could not be expressed.
 * @throws TributaryError RDB_CORRUPT.
 */
export async function writeValueCommands(
  input: RdbInput,
  kind: number,
  entry: Pick<RdbEntry, "key" | "expireAt">,
  out: CommandWriter,
  options: WriteValueOptions,
): Promise<readonly ValueLoss[]> {
  const { maxBulkBytes = Number.POSITIVE_INFINITY, maxStringBytes = Number.POSITIVE_INFINITY } =
    options.destination ?? {};
  const bounded =
    Math.min(maxBulkBytes, maxStringBytes) < Number.POSITIVE_INFINITY
      ? new BoundedWriter(out, { maxBulkBytes, maxStringBytes })
      : null;
  const writing = new ValueWriting({
    input,
    out: bounded ?? out,
    key: copyOf(entry.key),
    chunkElements: options.chunkElements ?? 512,
    chunkBytes: options.chunkBytes ?? 65_536,
    capabilities: capabilitiesOf(options.destination),
    signal: options.signal,
    templates: options.templates,
  });
  const { key } = writing;
  const { expireAt } = entry;
  writing.out.command("DEL", key);
  await writerOf(kind, input)(writing, kind);
  if (expireAt >= 0) writing.out.command("PEXPIREAT", key, String(expireAt));
  const tooLarge = bounded?.refused ?? null;
  if (tooLarge !== null && key.length <= maxBulkBytes) out.command("DEL", key);
  await out.drain();
  return tooLarge === null ? writing.losses : [{ code: "PAST_LIMIT", text: `it is left out: ${tooLarge}` }];
}

/** Takes commands and forgets them: for passing over a value. */
export const discard: CommandWriter = {
  command() {},
  begin() {},
  argument() {},
  beginArgument() {},
  piece() {},
  async drain() {},
};

function writerOf(kind: number, input: RdbInput): (writing: ValueWriting, kind: number) => Promise<void> {
  switch (kind) {
    case type.TYPE_STRING:
      return writeStringValue;
    case type.TYPE_LIST:
    case type.TYPE_LIST_ZIPLIST:
    case type.TYPE_LIST_QUICKLIST:
    case type.TYPE_LIST_QUICKLIST_2:
      return writeList;
    case type.TYPE_SET:
    case type.TYPE_SET_INTSET:
    case type.TYPE_SET_LISTPACK:
      return writeSet;
    case type.TYPE_ZSET:
    case type.TYPE_ZSET_2:
    case type.TYPE_ZSET_ZIPLIST:
    case type.TYPE_ZSET_LISTPACK:
      return writeZset;
    case type.TYPE_HASH:
    case type.TYPE_HASH_ZIPMAP:
    case type.TYPE_HASH_ZIPLIST:
    case type.TYPE_HASH_LISTPACK:
    case type.TYPE_HASH_METADATA_PRE_GA:
    case type.TYPE_HASH_LISTPACK_EX_PRE_GA:
    case type.TYPE_HASH_METADATA:
    case type.TYPE_HASH_LISTPACK_EX:
    case type.TYPE_HASH_2_VALKEY:
      return writeHash;
    case type.TYPE_STREAM_LISTPACKS:
    case type.TYPE_STREAM_LISTPACKS_2:
    case type.TYPE_STREAM_LISTPACKS_3:
    case type.TYPE_STREAM_LISTPACKS_4:
    case type.TYPE_STREAM_LISTPACKS_5:
      return writeStream;
    case type.TYPE_HASH_TMPL_LP_REF:
    case type.TYPE_HASH_TMPL_ARRAY_REF:
      return writeTemplateHash;
    case type.TYPE_ARRAY:
      return loseArray;
    default:
      throw input.corrupt(`the value type ${kind & 0xff} is not known`);
  }
}
