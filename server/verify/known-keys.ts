import { FingerprintSet } from "../merge/fingerprint-set.ts";
import { KeyFingerprint, PARTITIONS } from "../merge/key-fingerprint.ts";
import { openClient } from "../redis/client.ts";
import type { RedisEndpoint } from "../redis/endpoint.ts";
import { fingerprintSetId, readFingerprints } from "../sync/reconcile/key-fingerprint-set.ts";
import { KeyFingerprintWriter } from "../sync/reconcile/key-fingerprint-writer.ts";
import { DestinationScan } from "../sync/reconcile/reconcile-scan.ts";
import type { Side } from "./look.ts";
import { scanKeys } from "./scan-keys.ts";

export type KeyAt = { readonly db: number; readonly key: Buffer };

/** Keys given at a time. */
const PAGE = 500;

/** The keys that the shards were found to hold, and those of the destination that are not among them. */
export interface KnownKeys {
  /** @param db of the destination. @returns false where it is known already, as far as that can be told. */
  add(db: number, key: Buffer): boolean;
  /** What to wait for before more is added. */
  room(): Promise<void> | undefined;
  /** The keys of these databases of the destination that are not known, in pages; nothing is added any more. */
  others(
    destination: Side,
    dbs: readonly number[],
    prefix: Buffer | null,
    signal: AbortSignal,
  ): AsyncGenerator<KeyAt[]>;
  close(): Promise<void>;
}

/** In memory: 16 bytes for each or more. */
export class KnownInMemory implements KnownKeys {
  readonly #fingerprint = new KeyFingerprint();
  readonly #set = new FingerprintSet();

  add(db: number, key: Buffer): boolean {
    this.#fingerprint.compute(db, key, 0, key.length);
    return this.#set.add(this.#fingerprint.high, this.#fingerprint.low);
  }

  room(): undefined {}

  async *others(
    destination: Side,
    dbs: readonly number[],
    prefix: Buffer | null,
    signal: AbortSignal,
  ): AsyncGenerator<KeyAt[]> {
    for (const db of dbs) {
      for await (const keys of scanKeys(destination.connection, db, prefix, signal)) {
        yield keys.filter((key) => !this.#has(db, key)).map((key) => ({ db, key }));
      }
    }
  }

  #has(db: number, key: Buffer): boolean {
    this.#fingerprint.compute(db, key, 0, key.length);
    return this.#set.has(this.#fingerprint.high, this.#fingerprint.low);
  }

  async close(): Promise<void> {}
}

/** On disk, in the files that a reconciliation has: memory takes one of 64 partitions at a time. */
export class KnownOnDisk implements KnownKeys {
  readonly #directory: string;
  readonly #endpoint: RedisEndpoint;
  readonly #writer: KeyFingerprintWriter;
  readonly #scan: DestinationScan;

  private constructor(directory: string, endpoint: RedisEndpoint, writer: KeyFingerprintWriter) {
    this.#directory = directory;
    this.#endpoint = endpoint;
    this.#writer = writer;
    this.#scan = new DestinationScan(directory);
  }

  /** @param endpoint of the destination. */
  static async begin(directory: string, endpoint: RedisEndpoint, now: () => number): Promise<KnownOnDisk> {
    return new KnownOnDisk(directory, endpoint, await KeyFingerprintWriter.begin(directory, now));
  }

  add(db: number, key: Buffer): boolean {
    this.#writer.add(db, key);
    return true;
  }

  room(): Promise<void> | undefined {
    return this.#writer.room();
  }

  async *others(
    _: Side,
    dbs: readonly number[],
    prefix: Buffer | null,
    signal: AbortSignal,
  ): AsyncGenerator<KeyAt[]> {
    await this.#writer.finish();
    const id = await fingerprintSetId(this.#directory);
    if (id === null) throw new Error(`fingerprints cannot be kept: ${this.#writer.failure}`);
    const client = await openClient(this.#endpoint, { role: "the destination", signal });
    try {
      await this.#scan.run(client, dbs, signal);
    } finally {
      client.disconnect();
    }
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const known = await readFingerprints(this.#directory, id, partition);
      if (known === null) throw new Error("the fingerprints have gone");
      let page: KeyAt[] = [];
      for await (const { db, key, high, low } of this.#scan.keys(partition)) {
        if (known.has(high, low) || (prefix !== null && !startsWith(key, prefix))) continue;
        page.push({ db, key });
        if (page.length < PAGE) continue;
        yield page;
        page = [];
      }
      if (page.length > 0) yield page;
    }
  }

  async close(): Promise<void> {
    await this.#writer.abandon();
    await this.#scan.remove();
  }
}

export function startsWith(key: Buffer, prefix: Buffer): boolean {
  return key.length >= prefix.length && key.compare(prefix, 0, prefix.length, 0, prefix.length) === 0;
}
