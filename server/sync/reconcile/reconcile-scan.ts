import { type FileHandle, mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Redis } from "ioredis";
import { KeyFingerprint, PARTITIONS } from "../../merge/key-fingerprint.ts";
import { isOwnKey } from "../checkpoint/own-keys.ts";

/** A key of the destination. */
export type FoundKey = {
  readonly db: number;
  readonly key: Buffer;
  readonly high: number;
  readonly low: number;
};

/** Keys asked for at a time. */
const COUNT = 1000;
/** Bytes gathered for each partition before they are written. */
const GATHERED = 16 * 1024;
const READ = 256 * 1024;
/** high, low, db, length of the key: 32 bits each. */
const HEAD = 16;

/**
 * Every key that was on the destination throughout a scan, in files partitioned as the fingerprints are: what
 * has to be compared with one partition of a set is in one file.
 */
export class DestinationScan {
  readonly #directory: string;
  readonly #gathered: Buffer[] = Array.from({ length: PARTITIONS }, () => Buffer.allocUnsafe(GATHERED));
  readonly #lengths = new Int32Array(PARTITIONS);
  readonly #files: (FileHandle | undefined)[] = new Array(PARTITIONS).fill(undefined);

  readonly #onOwn: (key: Buffer) => void;

  /** @param onOwn told of each key of Tributary's own. */
  constructor(spoolDirectory: string, onOwn: (key: Buffer) => void) {
    this.#directory = join(spoolDirectory, "scan");
    this.#onOwn = onOwn;
  }

  /** Scans `dbs`, Tributary's own keys left out; `client` has another database selected after it. */
  async run(client: Redis, dbs: readonly number[], signal: AbortSignal): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
    await mkdir(this.#directory, { recursive: true });
    this.#files.fill(undefined);
    this.#lengths.fill(0);
    const fingerprint = new KeyFingerprint();
    try {
      for await (const { db, keys } of scanDestination(client, dbs, signal)) {
        for (const key of keys) {
          if (isOwnKey(key)) {
            this.#onOwn(key);
            continue;
          }
          fingerprint.compute(db, key, 0, key.length);
          const { partition, high, low } = fingerprint;
          const writing = this.#add(partition, { db, key, high, low });
          if (writing !== undefined) await writing;
        }
      }
      for (let partition = 0; partition < PARTITIONS; partition++) await this.#write(partition);
    } finally {
      await Promise.all(this.#files.map((file) => file?.close()));
    }
  }

  /** The keys of one partition; the object and its key may be kept. */
  async *keys(partition: number): AsyncGenerator<FoundKey> {
    if (this.#files[partition] === undefined) return;
    const file = await open(this.#path(partition), "r");
    try {
      let held = Buffer.alloc(0);
      let wanted = HEAD;
      for (;;) {
        const chunk = Buffer.allocUnsafe(Math.max(READ, wanted - held.length));
        const { bytesRead } = await file.read(chunk, 0, chunk.length);
        if (bytesRead === 0) return;
        held = Buffer.concat([held, chunk.subarray(0, bytesRead)]);
        let at = 0;
        for (;;) {
          wanted = held.length - at < HEAD ? HEAD : HEAD + held.readUInt32LE(at + 12);
          if (held.length - at < wanted) break;
          yield {
            high: held.readInt32LE(at),
            low: held.readInt32LE(at + 4),
            db: held.readUInt32LE(at + 8),
            key: Buffer.from(held.subarray(at + HEAD, at + wanted)),
          };
          at += wanted;
        }
        held = held.subarray(at);
      }
    } finally {
      await file.close();
    }
  }

  async remove(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }

  #path(partition: number): string {
    return join(this.#directory, `${partition}.keys`);
  }

  #add(partition: number, { high, low, db, key }: FoundKey): Promise<void> | undefined {
    if (this.#lengths[partition]! + HEAD + key.length > GATHERED)
      return this.#make(partition, { high, low, db, key });
    this.#put(this.#gathered[partition]!, partition, { high, low, db, key });
    return undefined;
  }

  /** Makes room, and goes around the gathered bytes with a key that is longer than they are. */
  async #make(partition: number, found: FoundKey): Promise<void> {
    await this.#write(partition);
    if (HEAD + found.key.length <= GATHERED) {
      this.#put(this.#gathered[partition]!, partition, found);
      return;
    }
    const gathered = this.#gathered[partition]!;
    this.#gathered[partition] = Buffer.allocUnsafe(HEAD + found.key.length);
    this.#put(this.#gathered[partition], partition, found);
    await this.#write(partition);
    this.#gathered[partition] = gathered;
  }

  #put(into: Buffer, partition: number, { high, low, db, key }: FoundKey): void {
    const at = this.#lengths[partition]!;
    into.writeInt32LE(high, at);
    into.writeInt32LE(low, at + 4);
    into.writeUInt32LE(db, at + 8);
    into.writeUInt32LE(key.length, at + 12);
    key.copy(into, at + HEAD);
    this.#lengths[partition] = at + HEAD + key.length;
  }

  async #write(partition: number): Promise<void> {
    const length = this.#lengths[partition]!;
    if (length === 0) return;
    this.#files[partition] ??= await open(this.#path(partition), "w", 0o600);
    await this.#files[partition].appendFile(this.#gathered[partition]!.subarray(0, length));
    this.#lengths[partition] = 0;
  }
}

/** All keys of some databases, Tributary's own among them; `client` has another database selected after it. */
export async function* scanDestination(
  client: Redis,
  dbs: readonly number[],
  signal: AbortSignal,
): AsyncGenerator<{ readonly db: number; readonly keys: readonly Buffer[] }> {
  for (const db of dbs) {
    await client.select(db);
    let cursor = "0";
    do {
      signal.throwIfAborted();
      const [next, keys] = await client.scanBuffer(cursor, "COUNT", COUNT);
      cursor = next.toString();
      yield { db, keys };
    } while (cursor !== "0");
  }
}
