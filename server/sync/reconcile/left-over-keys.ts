import type { Redis } from "ioredis";
import { KeyFingerprint, PARTITIONS } from "../../merge/key-fingerprint.ts";
import { parseInfo, serverFacts } from "../../redis/server-info.ts";
import { checkpointKey, isOwnKey } from "../checkpoint/own-keys.ts";
import { pause } from "../retry/pause.ts";
import { isDestinationDb } from "../spec/database-map.ts";
import type { DatabaseMap } from "../spec/shard-sync-spec.ts";
import { type FingerprintTable, fingerprintSetId, readFingerprints } from "./key-fingerprint-set.ts";
import type { KeyFingerprintWriter } from "./key-fingerprint-writer.ts";
import type { Blocked } from "./reconcile-patience.ts";
import { DestinationScan, type FoundKey, scanDestination } from "./reconcile-scan.ts";

/** Keys on the destination that are compared as they come; more are sorted first, since not all sets fit into memory. */
const MOST_AT_ONCE = 500_000;
/** ms between two attempts at a disk that takes nothing. */
const AGAIN_MS = 2000;

export type LeftOverOptions = {
  readonly databases: DatabaseMap;
  readonly spoolDirectory: string;
  /** The keys of the RDB. */
  readonly keys: KeyFingerprintWriter;
  readonly blocked: Blocked;
  readonly signal: AbortSignal;
  /** Tasks whose checkpoints were met on the way. */
  readonly onTask: (taskId: string) => void;
};

/**
 * Hands every key of the destination that the RDB does not hold to `found`: those of other shards among them.
 * @param client may be left with another database selected
 * @throws GiveUp where the disk is not to be waited for; what `found` throws.
 */
export async function leftOverKeys(
  client: Redis,
  options: LeftOverOptions,
  found: (key: FoundKey) => Promise<void> | undefined,
): Promise<void> {
  const { databases, keys, signal } = options;
  const { keyspace } = serverFacts(parseInfo(await client.info()));
  const dbs = keyspace.map(({ db }) => db).filter((db) => isDestinationDb(databases, db));
  const table = keys.table();
  const count = keyspace.reduce((sum, one) => (dbs.includes(one.db) ? sum + one.keys : sum), 0);
  if (table === null || count > MOST_AT_ONCE) return await fromDisk(client, dbs, table, options, found);
  const fingerprint = new KeyFingerprint();
  for await (const page of scanDestination(client, dbs, signal)) {
    const { db } = page;
    for (const key of page.keys) {
      if (isOwnKey(key)) {
        tellTask(key, options);
        continue;
      }
      fingerprint.compute(db, key, 0, key.length);
      const { high, low } = fingerprint;
      const asking = table.has(high, low) ? undefined : found({ db, key, high, low });
      if (asking !== undefined) await asking;
    }
  }
}

/** Partition by partition, with the keys of a scan that lie on disk likewise. `held` is the set where it is in memory. */
async function fromDisk(
  client: Redis,
  dbs: readonly number[],
  held: FingerprintTable | null,
  options: LeftOverOptions,
  found: (key: FoundKey) => Promise<void> | undefined,
): Promise<void> {
  const { spoolDirectory, blocked, signal } = options;
  const scan = new DestinationScan(spoolDirectory, (key) => tellTask(key, options));
  try {
    await retryDisk(blocked, signal, () => scan.run(client, dbs, signal));
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const read = async () => {
        const id = await fingerprintSetId(spoolDirectory);
        return id === null ? null : await readFingerprints(spoolDirectory, id, partition);
      };
      const table = held ?? (await retryDisk(blocked, signal, read));
      if (table === null) throw new Error("the noted keys of the RDB have gone from the spool directory");
      for await (const key of scan.keys(partition)) if (!table.has(key.high, key.low)) await found(key);
    }
  } finally {
    await scan.remove();
  }
}

async function retryDisk<T>(blocked: Blocked, signal: AbortSignal, step: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      const result = await step();
      blocked.over();
      return result;
    } catch (error) {
      signal.throwIfAborted();
      if (!isDiskError(error)) throw error;
      blocked.by(`keys cannot be noted on disk: ${(error as Error).message}`);
      await pause(AGAIN_MS, signal);
    }
  }
}

function isDiskError(error: unknown): boolean {
  const { code, path, syscall } = error as NodeJS.ErrnoException;
  return typeof code === "string" && (path !== undefined || syscall === "write" || syscall === "read");
}

function tellTask(key: Buffer, { onTask }: LeftOverOptions): void {
  const prefix = checkpointKey("");
  const text = key.toString("latin1");
  if (text.startsWith(prefix)) onTask(text.slice(prefix.length));
}
