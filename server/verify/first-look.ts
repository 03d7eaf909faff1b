import type { ByteBudget } from "./byte-budget.ts";
import { compareLooks } from "./compare-looks.ts";
import { comparePieces } from "./compare-pieces.ts";
import { type Look, looksAt, type Side, sizesOf } from "./look.ts";
import type { Suspect } from "./settle.ts";
import { payloadBody } from "./value-elements.ts";
import type { VerifyDepth } from "./verify-spec.ts";

/** Bytes of values that are asked for at once on each side. */
const PAGE_BYTES = 2 * 1024 * 1024;

export type FirstLookOptions = {
  readonly depth: VerifyDepth;
  readonly pieceBytes: number;
  readonly signal: AbortSignal;
  /** Told before values are asked for: how many, and their bytes on both sides. */
  readonly take: (keys: number, bytes: number) => Promise<void>;
  /** What the values that are held at a time may take in all. */
  readonly held: ByteBudget;
};

/** Keys of one database of a shard, whose values are the rightful ones. */
export type Page = {
  readonly source: Side;
  readonly shard: number;
  readonly sourceDb: number;
  readonly destination: Side;
  readonly db: number;
  readonly keys: readonly Buffer[];
};

/** Compares a page of keys once, whatever moves meanwhile. @returns those that were not found equal. */
export async function firstLook(page: Page, options: FirstLookOptions): Promise<Suspect[]> {
  const { source, sourceDb, destination, db, keys } = page;
  if (options.depth !== "full") {
    await options.take(keys.length, 0);
    return await compared(page, keys, [], [], options);
  }
  const [here, there] = await Promise.all([sizesOf(source, sourceDb, keys), sizesOf(destination, db, keys)]);
  const suspects: Suspect[] = [];
  for (let from = 0; from < keys.length; ) {
    let bytes = 0;
    let to = from;
    while (to < keys.length && (to === from || bytes < PAGE_BYTES)) {
      bytes += held(here[to]!, options) + held(there[to]!, options);
      to++;
    }
    await options.take(to - from, bytes);
    await options.held.take(bytes);
    try {
      suspects.push(
        ...(await compared(page, keys.slice(from, to), here.slice(from, to), there.slice(from, to), options)),
      );
    } finally {
      options.held.give(bytes);
    }
    from = to;
  }
  return suspects;
}

/** What is compared in pieces is not held. */
function held(size: number, { pieceBytes }: FirstLookOptions): number {
  return size >= 0 && size < pieceBytes ? size : 0;
}

async function compared(
  page: Page,
  keys: readonly Buffer[],
  sizesHere: readonly number[],
  sizesThere: readonly number[],
  options: FirstLookOptions,
): Promise<Suspect[]> {
  const { source, shard, sourceDb, destination, db } = page;
  const { depth, pieceBytes } = options;
  const [looks, others] = await Promise.all([
    looksAt(source, sourceDb, keys, depth, pieceBytes, sizesHere),
    looksAt(destination, db, keys, depth, pieceBytes, sizesThere),
  ]);
  const suspects: Suspect[] = [];
  for (const [index, key] of keys.entries()) {
    const [here, there] = [looks[index] ?? null, others[index] ?? null];
    // It has gone from the shard: should the destination have it still, the way back finds it.
    if (here === null && there === null) continue;
    if (here !== null && there !== null && plainlyEqual(here, there)) continue;
    if (here !== null && (await isEqual(page, key, here, there, shard, options))) continue;
    suspects.push({
      db,
      sourceDb,
      key: Buffer.from(key),
      bytes: Math.max(here?.bytes ?? 0, there?.bytes ?? 0),
    });
  }
  return suspects;
}

/** Told without decoding. */
function plainlyEqual(here: Look, there: Look): boolean {
  if (here.expireAt !== there.expireAt || here.payload === null || there.payload === null) return false;
  if (here.payload.length !== there.payload.length) return false;
  return payloadBody(here.payload).equals(payloadBody(there.payload));
}

async function isEqual(
  { source, sourceDb, destination, db }: Page,
  key: Buffer,
  here: Look,
  there: Look | null,
  shard: number,
  { signal, take }: FirstLookOptions,
): Promise<boolean> {
  const comparison = await compareLooks(here, there, shard);
  if (comparison !== "pieces") return comparison === "equal";
  await take(0, here.bytes + (there?.bytes ?? 0));
  const parts = await comparePieces({ source, sourceDb, destination, db, key, signal }, here.type, 1);
  // A held-back expiry is looked at again with the others.
  return parts?.length === 0 && here.expireAt === there?.expireAt;
}
