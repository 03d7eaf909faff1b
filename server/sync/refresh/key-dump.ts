import { type Redis, ReplyError } from "ioredis";
import { addMs, type ExpiryTime, parseExpiryTime } from "../../redis/expiry-time.ts";
import type { DoubtfulKey } from "../doubtful/doubtful-keys.ts";

/** A key that is to be dumped, or, with `ask`, only asked for. */
type AskedKey = Pick<DoubtfulKey, "doubt" | "db" | "key">;

/** What a shard says of a key. */
export type DumpedKey = {
  /** Whether it is there. */
  readonly held: boolean;
  /** As DUMP gives it; null where it is not there, or was only asked for. */
  readonly payload: Buffer | null;
  /** ms since the epoch, -1 without one. */
  readonly expireAt: ExpiryTime;
};

export type KeyDump = {
  /** The source's offset at which this was true. */
  readonly offset: bigint;
  /** Of the history that the offset belongs to; before 4.0 there is none. */
  readonly replid: string | undefined;
  readonly values: readonly DumpedKey[];
};

/** Values that are held at once, bytes; a single one may be larger. */
const PAGE_BYTES = 4 * 1024 * 1024;
/** A value past this is not copied through memory, bytes. */
const MAX_VALUE_BYTES = 32 * 1024 * 1024;
/** Where the source does not say how large its values are. */
const UNKNOWN_BYTES = PAGE_BYTES / 10;

/**
 * Which of `keys` fit into memory together: the first of them, and those that are too large for it altogether.
 * A source before 4.0, or a user without +memory, does not say; then there are ten.
 * @throws why the connection has failed.
 */
export async function pageThatFits(
  source: Redis,
  keys: readonly AskedKey[],
): Promise<{ fitting: number[]; tooLarge: number[] }> {
  const pipeline = source.pipeline();
  for (const { doubt, db, key } of keys) {
    pipeline.select(db);
    if (doubt === "ask") pipeline.exists(key);
    else pipeline.call("MEMORY", "USAGE", key);
  }
  const answers = (await pipeline.exec()) ?? [];
  const fitting: number[] = [];
  const tooLarge: number[] = [];
  let sum = 0;
  for (const [index, { doubt }] of keys.entries()) {
    const [error, value] = answers[2 * index + 1] ?? [null, null];
    // A connection on which nothing comes any more is not to be asked again, while the stream waits for it.
    if (error !== null && !(error instanceof ReplyError)) throw error;
    const bytes = doubt === "ask" ? 0 : error === null ? Number(value ?? 0) : UNKNOWN_BYTES;
    if (bytes > MAX_VALUE_BYTES) {
      tooLarge.push(index);
    } else if (fitting.length === 0 || sum + bytes <= PAGE_BYTES) {
      sum += bytes;
      fitting.push(index);
    }
  }
  return { fitting, tooLarge };
}

/**
 * Asks for the keys and the offset in one transaction. A key that is asked for and has expired is deleted by that.
 * @param release of the source, as releaseOf says it.
 */
export async function dumpKeys(source: Redis, release: number, keys: readonly AskedKey[]): Promise<KeyDump> {
  const asked = source.multi();
  asked.info("replication");
  asked.time();
  for (const { doubt, db, key } of keys) {
    asked.select(db);
    if (doubt === "ask") asked.exists(key);
    else asked.dumpBuffer(key);
    if (release >= 700) asked.call("PEXPIRETIME", key);
    else asked.pttl(key);
    // redis: server.c call — from 6.0 on PTTL counts from the beginning of EXEC, and TIME never does.
    if (release < 600) asked.time();
    else asked.exists(key);
  }
  const answers = ((await asked.exec()) ?? []).map(([error, value]) => {
    if (error !== null) throw error;
    return value;
  });
  const offset = /master_repl_offset:(\d+)/.exec(String(answers[0]))?.[1];
  const replid = /master_replid:(\w+)/.exec(String(answers[0]))?.[1];
  if (offset === undefined) throw new Error("INFO does not say the offset");
  const began = milliseconds(answers[1]);
  const values = keys.map((_, index) => {
    const [payload, stated, time] = answers.slice(2 + 4 * index + 1, 2 + 4 * index + 4);
    const life = parseExpiryTime(String(stated)) ?? -1;
    const since = release >= 700 ? 0 : release < 600 ? milliseconds(time) : began;
    const dumped = Buffer.isBuffer(payload) ? payload : null;
    // EXISTS, or DUMP.
    const held = dumped !== null || Number(payload) > 0;
    return { held, payload: dumped, expireAt: life < 0 ? -1 : addMs(life, since) };
  });
  return { offset: BigInt(offset), replid, values };
}

/** TIME's answer. */
export function milliseconds(time: unknown): number {
  const [seconds = 0, microseconds = 0] = (time as string[]).map(Number);
  return seconds * 1000 + Math.floor(microseconds / 1000);
}
