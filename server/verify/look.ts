import { beforeKey } from "./read-batch.ts";
import type { ReadConnection } from "./read-connection.ts";
import { Refused, type Reply } from "./reply-reader.ts";
import type { Abilities } from "./server-abilities.ts";
import { typeOfPayload } from "./type-of-payload.ts";
import type { VerifyDepth } from "./verify-spec.ts";

/** A server that is read, and what it can. */
export type Side = { readonly connection: ReadConnection; readonly abilities: Abilities };

/** What a server says of one key. */
export type Look = {
  readonly type: string;
  /** ms since the epoch; -1 without. */
  readonly expireAt: number;
  /** ms by which that may be wrong. */
  readonly slackMs: number;
  /** The DUMP; null where the value is to be compared in pieces, or was not asked for. */
  readonly payload: Buffer | null;
  /** Of memory as far as the server says, else of the DUMP. */
  readonly bytes: number;
};

/** A key that is not there. */
export const ABSENT = null;

const MEMORY_USAGE = beforeKey("MEMORY", "USAGE");
const PEXPIRETIME = beforeKey("PEXPIRETIME");
const PTTL = beforeKey("PTTL");
const DUMP = beforeKey("DUMP");
const TYPE = beforeKey("TYPE");
const lengthOf: Readonly<Record<string, Buffer>> = {
  string: beforeKey("STRLEN"),
  list: beforeKey("LLEN"),
  set: beforeKey("SCARD"),
  zset: beforeKey("ZCARD"),
  hash: beforeKey("HLEN"),
  stream: beforeKey("XLEN"),
};
/**
 * Bytes of values that are asked for in one go: a server answers what has come together without looking at anybody else,
 * and makes a DUMP of so much in 1 to 2 ms.
 */
const DUMPED_BYTES = 128 * 1024;
/** What an element is taken for where the server does not say how much memory a value takes, bytes. */
const ELEMENT_BYTES = 128;

/** Bytes of each value, -1 for a key that is not there. */
export async function sizesOf(side: Side, db: number, keys: readonly Buffer[]): Promise<number[]> {
  const { connection, abilities } = side;
  if (abilities.memoryUsage) {
    const replies = await connection.ask(db, (batch) => {
      for (const key of keys) batch.key(MEMORY_USAGE, key);
    });
    return replies.map((reply) => numberOf(side, reply ?? -1, "MEMORY USAGE"));
  }
  const types = await typesOf(side, db, keys);
  const replies = await connection.ask(db, (batch) => {
    for (const [index, key] of keys.entries()) batch.key(lengthOf[types[index]!] ?? TYPE, key);
  });
  return replies.map((reply, index) => {
    if (types[index] === "none") return -1;
    // WRONGTYPE: it has become another value meanwhile, and is looked at again.
    if (typeof reply !== "number") return 0;
    return types[index] === "string" ? reply : reply * ELEMENT_BYTES;
  });
}

/** TYPE of each; `none` for a key that is not there. */
export async function typesOf({ connection }: Side, db: number, keys: readonly Buffer[]): Promise<string[]> {
  const replies = await connection.ask(db, (batch) => {
    for (const key of keys) batch.key(TYPE, key);
  });
  return replies.map((reply) => {
    if (reply instanceof Refused) throw connection.explained(reply, "TYPE");
    return String(reply);
  });
}

/** What there is to know of each key at this depth. @param sizes as `sizesOf` gives them; not needed but for `full`. */
export async function looksAt(
  side: Side,
  db: number,
  keys: readonly Buffer[],
  depth: VerifyDepth,
  pieceBytes: number,
  sizes: readonly number[] = [],
): Promise<(Look | null)[]> {
  if (depth !== "full") {
    const types = await typesOf(side, db, keys);
    return types.map((type) =>
      type === "none" ? ABSENT : { type, expireAt: -1, slackMs: 0, payload: null, bytes: 0 },
    );
  }
  const looks: (Look | null)[] = [];
  for (let from = 0; from < keys.length; ) {
    let bytes = 0;
    let to = from;
    do bytes += whole(side, sizes[to]!, pieceBytes) ? Math.max(0, sizes[to]!) : 0;
    while (++to < keys.length && bytes < DUMPED_BYTES);
    looks.push(...(await dumped(side, db, keys.slice(from, to), pieceBytes, sizes.slice(from, to))));
    from = to;
  }
  return looks;
}

function whole({ abilities }: Side, size: number, pieceBytes: number): boolean {
  return abilities.dump && size < pieceBytes;
}

/** The values and expiries of keys that are asked for in one go. */
async function dumped(
  side: Side,
  db: number,
  keys: readonly Buffer[],
  pieceBytes: number,
  sizes: readonly number[],
): Promise<(Look | null)[]> {
  const { connection, abilities } = side;
  const exact = abilities.exactExpiry;
  const isWhole = (index: number) => whole(side, sizes[index]!, pieceBytes);
  const expiry = exact ? PEXPIRETIME : PTTL;
  const replies = await connection.ask(db, (batch) => {
    if (!exact) batch.command("TIME");
    for (const [index, key] of keys.entries()) {
      batch.key(expiry, key);
      batch.key(isWhole(index) ? DUMP : TYPE, key);
    }
    if (!exact) batch.command("TIME");
  });
  const before = exact ? 0 : timeOf(replies.shift());
  const after = exact ? 0 : timeOf(replies.pop());
  const slackMs = after - before + abilities.expirySlackMs + (exact ? 0 : 1);
  return keys.map((_, index) => {
    const left = numberOf(side, replies[2 * index]!, exact ? "PEXPIRETIME" : "PTTL");
    const value = replies[2 * index + 1]!;
    if (value instanceof Refused) throw connection.explained(value, isWhole(index) ? "DUMP" : "TYPE");
    if (left === -2 || value === null) return ABSENT;
    const expireAt = left < 0 || exact ? left : before + left;
    const bytes = sizes[index]!;
    if (isWhole(index)) {
      const payload = value as Buffer;
      return {
        type: typeOfPayload(payload),
        expireAt,
        slackMs,
        payload,
        bytes: Math.max(bytes, payload.length),
      };
    }
    const type = String(value);
    return type === "none" ? ABSENT : { type, expireAt, slackMs, payload: null, bytes };
  });
}

function numberOf({ connection }: Side, reply: Reply, command: string): number {
  if (reply instanceof Refused) throw connection.explained(reply, command);
  return typeof reply === "number" ? reply : -1;
}

/** TIME in ms. */
function timeOf(reply: Reply | undefined): number {
  if (!Array.isArray(reply)) return Date.now();
  return Number(String(reply[0])) * 1000 + Math.floor(Number(String(reply[1])) / 1000);
}
