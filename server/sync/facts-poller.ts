import type { Redis } from "ioredis";
import { dropClient, openClient } from "../redis/client.ts";
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
  /** All in one database. */
  readonly ownKeys: readonly OwnKey[];
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
    // A server that hangs must not hold up the end.
    signal.addEventListener("abort", () => this.#drop(), { once: true });
    while (!signal.aborted) {
      await this.ask();
      await pause(intervalMs, signal);
    }
    this.#drop();
  }

  /** Asks once, now. */
  async ask(): Promise<void> {
    const { endpoint, role, ownKeys, onFacts, signal } = this.#options;
    try {
      this.#client ??= await openClient(endpoint, { role, timeoutMs: 5000, db: ownKeys[0]?.db ?? 0, signal });
      const client = this.#client;
      const [info, ...present] = await Promise.all([
        client.info(),
        // An ACL user may be permitted INFO and not EXISTS: the facts matter more than one key in the counts.
        ...ownKeys.map((own) => client.exists(own.key).catch(() => 0)),
      ]);
      const facts = serverFacts(parseInfo(String(info)));
      this.facts = facts;
      const own = ownKeys.filter((_, index) => present[index] === 1);
      this.keys = facts.keyspace.map((count) => {
        const here = own.filter((key) => key.db === count.db);
        const expiring = here.filter((key) => key.expires);
        return { db: count.db, keys: count.keys - here.length, expires: count.expires - expiring.length };
      });
      onFacts(facts);
    } catch {
      this.#drop();
    }
  }

  #drop(): void {
    if (this.#client !== null) dropClient(this.#client);
    this.#client = null;
  }
}
