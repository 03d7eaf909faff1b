import type { Redis } from "ioredis";
import { openClient } from "../redis/client.ts";
import type { RedisEndpoint } from "../redis/endpoint.ts";
import { parseInfo, type ServerFacts, serverFacts } from "../redis/server-info.ts";
import { pause } from "./pause.ts";
import type { KeyCount } from "./shard-report.ts";

/** A key of Tributary's own, which is left out of the counts. */
export type OwnKey = { readonly key: string; readonly db: number; readonly expires: boolean };

export type FactsPollerOptions = {
  readonly endpoint: RedisEndpoint;
  readonly role: string;
  readonly intervalMs: number;
  readonly ownKey: OwnKey | null;
  readonly onFacts: (facts: ServerFacts) => void;
  readonly signal: AbortSignal;
};

/**
 * Asks a server for its INFO, once every `intervalMs`: facts and key counts. It is for show only, so a server
 * that is away is simply asked again; what was said last stays until then.
 */
export class FactsPoller {
  facts: ServerFacts | null = null;
  /** Per database with keys, without Tributary's own; null until asked. */
  keys: readonly KeyCount[] | null = null;
  readonly #options: FactsPollerOptions;
  #client: Redis | null = null;

  constructor(options: FactsPollerOptions) {
    this.#options = options;
  }

  /** Runs until the signal is aborted; never rejects. */
  async run(): Promise<void> {
    const { signal, intervalMs } = this.#options;
    while (!signal.aborted) {
      await this.ask();
      await pause(intervalMs, signal);
    }
    this.#client?.disconnect();
  }

  /** Asks once, now. */
  async ask(): Promise<void> {
    const { endpoint, role, ownKey, onFacts, signal } = this.#options;
    try {
      this.#client ??= await openClient(endpoint, { role, timeoutMs: 5000, db: ownKey?.db ?? 0, signal });
      const client = this.#client;
      const [info, own] = await Promise.all([client.info(), ownKey === null ? 0 : client.exists(ownKey.key)]);
      const facts = serverFacts(parseInfo(String(info)));
      this.facts = facts;
      this.keys = facts.keyspace.map((count) =>
        own > 0 && ownKey !== null && count.db === ownKey.db
          ? { db: count.db, keys: count.keys - 1, expires: count.expires - (ownKey.expires ? 1 : 0) }
          : count,
      );
      onFacts(facts);
    } catch {
      this.#client?.disconnect();
      this.#client = null;
    }
  }
}
