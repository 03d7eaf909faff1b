import type { KeyOwnership } from "../merge/key-ownership.ts";
import type { Findings } from "./findings.ts";
import { type FirstLookOptions, firstLook } from "./first-look.ts";
import type { KeyAt, KnownKeys } from "./known-keys.ts";
import { type Side, sizesOf } from "./look.ts";
import { beforeKey } from "./read-batch.ts";
import { scanKeys } from "./scan-keys.ts";
import type { Suspect } from "./settle.ts";
import type { VerifiedRange } from "./verified-range.ts";

/** Pages of one shard that are under way at a time. */
const PAGES = 3;
const EXISTS = beforeKey("EXISTS");

export type DbPair = { readonly sourceDb: number; readonly db: number };

export type PassOptions = FirstLookOptions & {
  /** By their index. */
  readonly shards: readonly Side[];
  readonly ownership: KeyOwnership | null;
  readonly range: VerifiedRange;
  readonly prefix: Buffer | null;
  readonly known: KnownKeys;
  readonly findings: Findings;
  readonly suspect: (suspects: readonly Suspect[]) => Promise<void>;
  /** Keys that were looked at: those whose value is the rightful one, or any others. */
  readonly counted: (keys: number, rightful: number) => void;
};

/** All keys that a shard holds are looked at on both sides, and known from then on. @param destination a connection of its own. */
export async function forwardPass(
  shard: number,
  dbs: readonly DbPair[],
  destination: Side,
  options: PassOptions,
): Promise<void> {
  const source = options.shards[shard]!;
  for (const { sourceDb, db } of dbs) {
    const underway = new Set<Promise<void>>();
    let failure: { error: unknown } | null = null;
    for await (const keys of scanKeys(source.connection, sourceDb, options.prefix, options.signal)) {
      const page = lookForward(shard, { sourceDb, db }, destination, keys, options)
        .catch((error: unknown) => {
          failure ??= { error };
        })
        .finally(() => underway.delete(page));
      underway.add(page);
      if (underway.size >= PAGES) await Promise.race(underway);
      if (failure !== null) break;
    }
    await Promise.all(underway);
    if (failure !== null) throw (failure as { error: unknown }).error;
  }
}

async function lookForward(
  shard: number,
  { sourceDb, db }: DbPair,
  destination: Side,
  keys: readonly Buffer[],
  options: PassOptions,
): Promise<void> {
  const { ownership, range, known, shards } = options;
  const wanted = keys.filter((key) => range.has(key));
  const own = ownership === null ? wanted : wanted.filter((key) => ownership.ownerOf(key) === shard);
  let compared = 0;
  for (const key of own) if (known.add(db, key)) compared++;
  const room = known.room();
  if (room !== undefined) await room;
  if (own.length < wanted.length) {
    const strays = wanted.filter((key) => ownership!.ownerOf(key) !== shard);
    compared += await lookAtStrays(shard, strays, { sourceDb, db }, options);
  }
  options.counted(keys.length, compared);
  if (own.length === 0) return;
  const page = { source: shards[shard]!, shard, sourceDb, destination, db, keys: own };
  await options.suspect(await firstLook(page, options));
}

/** Copies of keys that another shard owns: stale ones are counted, lone ones are suspects. @returns how many are lone. */
async function lookAtStrays(
  holder: number,
  strays: readonly Buffer[],
  { sourceDb, db }: DbPair,
  { ownership, shards, known, findings, suspect }: PassOptions,
): Promise<number> {
  let lone = 0;
  for (const owner of new Set(strays.map((key) => ownership!.ownerOf(key)))) {
    const keys = strays.filter((key) => ownership!.ownerOf(key) === owner);
    const held = await shards[owner]!.connection.ask(sourceDb, (batch) => {
      for (const key of keys) batch.key(EXISTS, key);
    });
    const suspects: Suspect[] = [];
    for (const [index, key] of keys.entries()) {
      const at = { db, sourceDb, key: Buffer.from(key) };
      if (held[index] === 1) {
        findings.add({ kind: "stale", shard: owner, ...at, source: null, destination: null, elements: [] });
      } else if (known.add(db, key)) {
        lone++;
        suspects.push({ ...at, bytes: 0 });
      }
    }
    await suspect(await sized(suspects, shards[holder]!, sourceDb));
  }
  return lone;
}

/**
 * Keys of the destination that the way there has not met: where a shard has them by now they are looked at like the
 * others, else they are suspects.
 */
export async function backwardPass(
  keys: readonly KeyAt[],
  sourceDbOf: (db: number) => number | null,
  destination: Side,
  options: PassOptions,
): Promise<void> {
  const { ownership, shards, range } = options;
  const wanted = keys.filter(({ key }) => range.has(key));
  options.counted(keys.length, 0);
  for (const db of new Set(wanted.map((one) => one.db))) {
    const sourceDb = sourceDbOf(db);
    if (sourceDb === null) continue;
    let left = wanted.filter((one) => one.db === db).map(({ key }) => key);
    for (const [shard, source] of shards.entries()) {
      const mine = left.filter((key) => ownership === null || ownership.ownerOf(key) === shard);
      if (mine.length === 0) continue;
      const held = await source.connection.ask(sourceDb, (batch) => {
        for (const key of mine) batch.key(EXISTS, key);
      });
      const here = new Set(mine.filter((_, index) => held[index] === 1));
      if (here.size === 0) continue;
      left = left.filter((key) => !here.has(key));
      options.counted(0, here.size);
      const page = { source, shard, sourceDb, destination, db, keys: [...here] };
      await options.suspect(await firstLook(page, options));
    }
    const suspects = left.map((key) => ({ db, sourceDb, key: Buffer.from(key), bytes: 0 }));
    await options.suspect(await sized(suspects, destination, db));
  }
}

/** With the bytes that their values take at this server, so that few large ones are looked at together. */
async function sized(suspects: readonly Suspect[], side: Side, db: number): Promise<Suspect[]> {
  const sizes = await sizesOf(
    side,
    db,
    suspects.map(({ key }) => key),
  );
  return suspects.map((suspect, index) => ({ ...suspect, bytes: Math.max(0, sizes[index]!) }));
}
