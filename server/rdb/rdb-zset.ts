import { copyOf } from "./copy-of.ts";
import { ElementBatch } from "./element-batch.ts";
import { Listpack } from "./listpack.ts";
import type { RdbInput } from "./rdb-input.ts";
import { countAt } from "./rdb-length.ts";
import { TYPE_ZSET, TYPE_ZSET_2, TYPE_ZSET_ZIPLIST } from "./rdb-type.ts";
import type { ValueWriting } from "./value-writing.ts";
import { Ziplist } from "./ziplist.ts";

const encoder = new TextEncoder();

/** A sorted set as ZADD: members and scores, or a ziplist or listpack of both in turn. */
export async function writeZset(writing: ValueWriting, kind: number): Promise<void> {
  const batch = new ElementBatch(writing, "ZADD", 2);
  if (kind === TYPE_ZSET || kind === TYPE_ZSET_2) await addPairs(writing, batch, kind);
  else await addPacked(writing, batch, kind);
  batch.flush();
}

async function addPairs(writing: ValueWriting, batch: ElementBatch, kind: number): Promise<void> {
  const { input } = writing;
  for (let left = await input.take(countAt); left > 0; left--) {
    // The member comes first but ZADD wants it last: unlike any other element it is held whole.
    const blob = await writing.blob("a member");
    const member = blob === null ? null : copyOf(blob.bytes);
    const score = kind === TYPE_ZSET ? await textScore(input) : await binaryScore(input);
    if (member !== null) addScored(writing, batch, score, member, 0, member.length);
    const waiting = batch.settle();
    if (waiting !== undefined) await waiting;
  }
}

async function addPacked(writing: ValueWriting, batch: ElementBatch, kind: number): Promise<void> {
  const blob = await writing.blob("a sorted set");
  if (blob === null) return;
  const broken = (detail: string) => writing.input.corrupt(detail, blob.offset);
  const Pack = kind === TYPE_ZSET_ZIPLIST ? Ziplist : Listpack;
  const elements = new Pack(blob.bytes, broken);
  while (elements.next()) {
    const member = copyOf(elements.bytes, elements.start, elements.end);
    if (!elements.next()) throw broken("a sorted set has a member without a score");
    const text = Buffer.from(elements.bytes.subarray(elements.start, elements.end)).toString("latin1");
    addScored(writing, batch, scoreOf(text, broken), member, 0, member.length);
    const waiting = batch.settle();
    if (waiting !== undefined) await waiting;
  }
}

function addScored(
  writing: ValueWriting,
  batch: ElementBatch,
  score: number,
  member: Uint8Array,
  start: number,
  end: number,
): void {
  if (Number.isNaN(score)) {
    writing.lose("a member whose score is not a number");
    return;
  }
  const text = encoder.encode(scoreText(score));
  batch.add(text, 0, text.length);
  batch.add(member, start, end);
}

/** A score so that it is read back as the same double: JavaScript prints the shortest such text, but -0 as 0. */
export function scoreText(score: number): string {
  if (score === Number.POSITIVE_INFINITY) return "inf";
  if (score === Number.NEGATIVE_INFINITY) return "-inf";
  return Object.is(score, -0) ? "-0" : String(score);
}

/** The score that a text of Redis means: a decimal, inf, -inf or nan in any case. */
function scoreOf(text: string, broken: (detail: string) => Error): number {
  const word = /^([+-]?)(inf|infinity|nan)$/i.exec(text);
  if (word !== null) {
    if (word[2]!.toLowerCase() === "nan") return Number.NaN;
    return word[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  const score = Number(text);
  if (text.trim() === "" || Number.isNaN(score))
    throw broken("a sorted set has a score that is not a number");
  return score;
}

async function binaryScore(input: RdbInput): Promise<number> {
  if (input.end - input.pos < 8) await input.fill(8);
  const score = new DataView(input.buffer.buffer, input.buffer.byteOffset + input.pos, 8).getFloat64(0, true);
  input.pos += 8;
  return score;
}

/** A byte of length and the digits; 253 to 255 stand for nan, inf and -inf (redis: rdb.c rdbLoadDoubleValue). */
async function textScore(input: RdbInput): Promise<number> {
  if (input.end === input.pos) await input.fill(1);
  const length = input.buffer[input.pos++]!;
  if (length === 253) return Number.NaN;
  if (length === 254) return Number.POSITIVE_INFINITY;
  if (length === 255) return Number.NEGATIVE_INFINITY;
  if (input.end - input.pos < length) await input.fill(length);
  const text = Buffer.from(input.buffer.subarray(input.pos, input.pos + length)).toString("latin1");
  const score = scoreOf(text, (detail) => input.corrupt(detail));
  input.pos += length;
  return score;
}
