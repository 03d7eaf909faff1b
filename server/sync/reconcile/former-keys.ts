import type { Redis } from "ioredis";
import { TributaryError } from "../../errors/tributary-error.ts";
import { KeyFingerprint } from "../../merge/key-fingerprint.ts";
import { formatAddress } from "../../redis/endpoint.ts";
import type { DatabaseKeys } from "../../redis/server-info.ts";
import { formerKeysKey, isOwnKey } from "../checkpoint/own-keys.ts";
import { isDestinationDb } from "../spec/database-map.ts";
import type { ShardSyncSpec } from "../spec/shard-sync-spec.ts";
import { FingerprintTable } from "./key-fingerprint-set.ts";
import { scanDestination } from "./reconcile-scan.ts";

/** Keys that are noted: 8 bytes each on the destination, and up to 32 in memory while they are asked for. */
const MOST_KEYS = 4_000_000;
/** In the place of fingerprints: there were too many. */
const UNKNOWN = "?";

/**
 * Notes, before the task writes its first key, which keys the destination holds: they are not the task's. Of several
 * shards that do so at once the first one's note stays: none of them has written yet.
 * @throws TributaryError DESTINATION_UNSUPPORTED where they are to be kept and are too many to be noted.
 */
export async function noteFormerKeys(
  client: Redis,
  spec: ShardSyncSpec,
  keyspace: readonly DatabaseKeys[],
  signal: AbortSignal,
): Promise<void> {
  const key = formerKeysKey(spec.taskId);
  if ((await client.exists(key)) === 1) return;
  const dbs = keyspace.map(({ db }) => db).filter((db) => isDestinationDb(spec.databases, db));
  const keys = keyspace.reduce((sum, one) => (dbs.includes(one.db) ? sum + one.keys : sum), 0);
  if (keys > MOST_KEYS) {
    if (spec.destinationKeys === "keep") {
      const detail = `it holds more than ${MOST_KEYS.toLocaleString("en-US")} keys, which are too many to be kept`;
      throw new TributaryError("DESTINATION_UNSUPPORTED", {
        address: formatAddress(spec.destination),
        detail,
      });
    }
    await client.set(key, UNKNOWN, "NX");
    return;
  }
  // Some more than were counted: others may write meanwhile.
  const words: number[] = [];
  const fingerprint = new KeyFingerprint();
  try {
    for await (const { db, keys: page } of scanDestination(client, dbs, signal)) {
      for (const name of page) {
        if (isOwnKey(name)) continue;
        fingerprint.compute(db, name, 0, name.length);
        words.push(fingerprint.high, fingerprint.low);
      }
    }
  } finally {
    await client.select(spec.checkpointDb);
  }
  await client.set(key, Buffer.from(Int32Array.from(words).buffer), "NX");
}

/** The keys that the destination held before the task began. */
export class FormerKeys {
  readonly size: number;
  readonly #words: Int32Array;
  readonly #table: FingerprintTable;
  readonly #fingerprint = new KeyFingerprint();

  private constructor(words: Int32Array) {
    this.size = words.length / 2;
    this.#words = words;
    this.#table = new FingerprintTable(words);
  }

  /** @returns null where they are not known. @param client has the database of the checkpoints selected. */
  static async read(client: Redis, taskId: string): Promise<FormerKeys | null> {
    const key = formerKeysKey(taskId);
    // Most destinations were empty: those need no GET, which some have renamed.
    if ((await client.exists(key)) === 0) return null;
    const bytes = await client.getBuffer(key);
    return bytes === null ? null : FormerKeys.of(bytes);
  }

  /** @param bytes as noteFormerKeys writes them. @returns null where there were too many to be noted. */
  static of(bytes: Buffer): FormerKeys | null {
    if (bytes.length === UNKNOWN.length) return null;
    const words = new Int32Array(bytes.length >> 2);
    new Uint8Array(words.buffer).set(bytes.subarray(0, 4 * words.length));
    return new FormerKeys(words);
  }

  has({ high, low }: { readonly high: number; readonly low: number }): boolean {
    return this.#table.has(high, low);
  }

  /** @param db of the destination. */
  holds(db: number, key: Uint8Array): boolean {
    this.#fingerprint.compute(db, key, 0, key.length);
    return this.has(this.#fingerprint);
  }

  /** Without those of a set, as it is to be written. */
  without(table: FingerprintTable): Buffer {
    const words = this.#words.filter((_, index) => {
      const at = index & ~1;
      return !table.has(this.#words[at]!, this.#words[at + 1]!);
    });
    return Buffer.from(words.buffer);
  }
}

/**
 * Takes what a shard has overwritten for the task's own from here on.
 * @param client a connection that nobody else uses now. @returns how many former keys are left; null where that is not known.
 */
export async function overwriteFormerKeys(
  client: Redis,
  taskId: string,
  written: FingerprintTable,
): Promise<number | null> {
  const key = formerKeysKey(taskId);
  for (;;) {
    await client.watch(key);
    const former = await FormerKeys.read(client, taskId);
    if (former === null) {
      await client.unwatch();
      return null;
    }
    const left = former.without(written);
    // A sibling may have done the same meanwhile.
    if ((await client.multi().set(key, left).exec()) !== null) return left.length / 8;
  }
}
