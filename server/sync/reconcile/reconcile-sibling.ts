import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Redis } from "ioredis";
import { PARTITIONS } from "../../merge/key-fingerprint.ts";
import { openClient, toTributaryError } from "../../redis/client.ts";
import { formatAddress, type RedisEndpoint } from "../../redis/endpoint.ts";
import { parseInfo, serverFacts } from "../../redis/server-info.ts";
import { pause } from "../retry/pause.ts";
import { SourceLocator } from "../source/source-locator.ts";
import { sourceDbs } from "../spec/database-map.ts";
import type { DatabaseMap, SiblingShard } from "../spec/shard-sync-spec.ts";
import {
  type FingerprintTable,
  fingerprintSetId,
  readFingerprints,
  unfinishedDirectory,
} from "./key-fingerprint-set.ts";
import { type Blocked, Patience } from "./reconcile-patience.ts";
import type { FoundKey } from "./reconcile-scan.ts";

const TIMEOUT_MS = 10_000;
const AGAIN_MS = 500;
/** Of what somebody has to fix: a password, a permission. */
const REFUSED_AGAIN_MS = 3000;
/** ms after which a shard with several addresses is looked for again. */
const LOCATE_AGAIN_MS = 3000;
/** Bytes of a sibling's set that are held in memory, and partitions of it whatever their size. */
const MOST_TABLE_BYTES = 16 * 1024 * 1024;
const LEAST_TABLES = 4;

/** Where a source's stream is: what a checkpoint is compared with. */
export type SourcePosition = { readonly replid: string; readonly offset: bigint };

/** The set of a sibling whose disk does not take it, of its present initial sync; null while there is none. */
export type SharedFingerprints = (shardId: string) => Promise<FingerprintTable | null>;

/** Another shard of the task, as a reconcile asks it: its source, and the set that its initial sync has noted. */
export class ReconcileSibling {
  readonly shard: SiblingShard;
  readonly role: string;
  readonly #databases: DatabaseMap;
  readonly #now: () => number;
  readonly #signal: AbortSignal;
  readonly #blocked: Blocked;
  readonly #shared: SharedFingerprints;
  /** Where the sibling is by its checkpoint: of two masters the one that continues it is asked. */
  checkpoint: SourcePosition | null = null;
  /** Counts up when another server is asked than before: answers of two do not belong together. */
  servers = 0;
  readonly #locator: SourceLocator;
  #located: { readonly endpoint: RedisEndpoint; readonly at: number } | null = null;
  #client: Promise<Redis> | null = null;
  #tables = new Map<string, FingerprintTable>();

  constructor(
    shard: SiblingShard,
    databases: DatabaseMap,
    shared: SharedFingerprints,
    blocked: Blocked,
    now: () => number,
    signal: AbortSignal,
  ) {
    this.shard = shard;
    this.#shared = shared;
    this.#blocked = blocked;
    this.role = `shard ${shard.shardName}`;
    this.#databases = databases;
    this.#now = now;
    this.#signal = signal;
    // What there is to say about its master is said by its own shard sync.
    this.#locator = new SourceLocator({ addresses: shard, role: this.role, now, onEvent: () => {}, signal });
  }

  /** Those of `keys`, all of one destination database, that the source does not have. @throws GiveUp */
  async absent(keys: readonly FoundKey[]): Promise<FoundKey[]> {
    let left = [...keys];
    for (const db of left.length === 0 ? [] : sourceDbs(this.#databases, left[0]!.db)) {
      const asked = left;
      left = await this.#ask("EXISTS", (client) => absentFrom(client, db, asked));
    }
    return left;
  }

  /** Where the source is now. @throws GiveUp */
  async position(): Promise<SourcePosition> {
    const facts = serverFacts(parseInfo(await this.#ask("INFO", (client) => client.info())));
    // Before 4.0 a stream goes by its master's run id.
    return { replid: facts.replid || facts.runId, offset: facts.masterReplOffset };
  }

  /**
   * Those of `keys` that the RDB of the sibling's present initial sync does not hold; null while its set is not
   * whole. Holds for what lay on the destination when this was called.
   */
  async outsideRdb(keys: readonly FoundKey[]): Promise<FoundKey[] | null> {
    const { spoolDirectory } = this.shard;
    const id = await fingerprintSetId(spoolDirectory);
    if (id === null) {
      const table = await this.#shared(this.shard.shardId);
      return table === null ? null : keys.filter(({ high, low }) => !table.has(high, low));
    }
    const outside: FoundKey[] = [];
    for (const found of keys) {
      const partition = Math.floor((found.high >>> 0) / (2 ** 32 / PARTITIONS));
      const name = `${id}:${partition}`;
      let table = this.#tables.get(name);
      if (table === undefined) {
        const read = await readFingerprints(spoolDirectory, id, partition);
        if (read === null) return null;
        table = read;
        this.#makeRoom(table.bytes);
        this.#tables.set(name, table);
      }
      if (!table.has(found.high, found.low)) outside.push(found);
    }
    return outside;
  }

  #makeRoom(bytes: number): void {
    let held = bytes;
    for (const table of this.#tables.values()) held += table.bytes;
    for (const [name, table] of this.#tables) {
      if (held <= MOST_TABLE_BYTES || this.#tables.size < LEAST_TABLES) return;
      this.#tables.delete(name);
      held -= table.bytes;
    }
  }

  /** Changes as long as the sibling's initial sync goes on. */
  async progress(): Promise<string> {
    const { spoolDirectory } = this.shard;
    const unfinished = unfinishedDirectory(spoolDirectory);
    const names = await readdir(spoolDirectory, { recursive: true }).catch(() => []);
    const notes = await readdir(unfinished).catch(() => []);
    const sizes = await Promise.all(
      notes.map((name) =>
        stat(join(unfinished, name)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
    );
    // While the master makes or sends its RDB nothing may change here for long.
    const saving = await this.#saving();
    return `${names.sort().join(" ")} ${sizes.join(" ")} ${saving ? this.#now() : ""}`;
  }

  close(): void {
    this.#client?.then(
      (client) => client.disconnect(),
      () => {},
    );
    this.#client = null;
  }

  async #saving(): Promise<boolean> {
    try {
      const client = await this.#open();
      return /state=(wait_bgsave|send_bulk)/.test(await client.info("replication"));
    } catch {
      this.close();
      return false;
    }
  }

  async #open(): Promise<Redis> {
    const endpoint = await this.#locate();
    this.#client ??= openClient(endpoint, {
      role: this.role,
      timeoutMs: TIMEOUT_MS,
      commandTimeoutMs: TIMEOUT_MS,
      looksOnly: true,
      signal: this.#signal,
    });
    return this.#client;
  }

  async #locate(): Promise<RedisEndpoint> {
    const located = this.#located;
    const fresh = this.#locator.single || this.#now() - (located?.at ?? 0) < LOCATE_AGAIN_MS;
    if (located !== null && fresh) return located.endpoint;
    const endpoint = await this.#locator.locate(this.checkpoint);
    if (located === null || formatAddress(located.endpoint) !== formatAddress(endpoint)) {
      this.close();
      this.servers++;
    }
    this.#located = { endpoint, at: this.#now() };
    return endpoint;
  }

  /** Asks until there is an answer. @throws GiveUp where that is not to be waited for. */
  async #ask<T>(command: string, question: (client: Redis) => Promise<T>): Promise<T> {
    const patience = new Patience(this.#now, this.#blocked);
    for (;;) {
      try {
        const answer = await question(await this.#open());
        patience.over();
        return answer;
      } catch (error) {
        this.#signal.throwIfAborted();
        this.close();
        if (!this.#locator.single) this.#located = null;
        const address = formatAddress(this.#located?.endpoint ?? this.shard.source);
        const seconds = TIMEOUT_MS / 1000;
        const reason = toTributaryError(error, { role: this.role, address, command, seconds });
        patience.watch("", reason.message.replace(/\.$/, ""));
        await pause(reason.retried ? AGAIN_MS : REFUSED_AGAIN_MS, this.#signal);
      }
    }
  }
}

async function absentFrom(client: Redis, db: number, keys: readonly FoundKey[]): Promise<FoundKey[]> {
  // One write: no other page's SELECT comes in between.
  const pipeline = client.pipeline().select(db);
  for (const { key } of keys) pipeline.exists(key);
  const [selected, ...answers] = (await pipeline.exec()) ?? [];
  if (/out of range|invalid DB index/i.test(selected?.[0]?.message ?? "")) return [...keys];
  for (const answer of [selected, ...answers]) if (answer?.[0]) throw answer[0];
  return keys.filter((_, index) => answers[index]?.[1] === 0);
}
