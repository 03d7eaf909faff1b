import type { Redis } from "ioredis";
import { dropClient, openClient } from "../../redis/client.ts";
import { formatAddress, type RedisEndpoint } from "../../redis/endpoint.ts";
import { parseInfo, type ServerFacts, type ServerInfo, serverFacts } from "../../redis/server-info.ts";
import type { KeyCount } from "./shard-report.ts";

/** A key of Tributary's own, which is left out of the counts. */
export type OwnKey = { readonly key: string; readonly db: number; readonly expires: boolean };

export type FactsPollerOptions = {
  /** Where the server is now; null while that is not known. */
  readonly endpoint: () => RedisEndpoint | null;
  readonly role: string;
  readonly intervalMs: number;
  /** All in one database. */
  readonly ownKeys: readonly OwnKey[];
  readonly onFacts: (facts: ServerFacts) => void;
  /** May ask more; `askedAt` in ms of performance.now(), before INFO was sent. */
  readonly onInfo?: (info: ServerInfo, client: Redis, askedAt: number) => Promise<void>;
  readonly signal: AbortSignal;
};

/** Databases whose keys are counted in reports, which come twice a second. */
const MOST_DATABASES = 1024;

/** Of a pipeline: the error, or the answer. */
type Answered = [error: Error | null, answer: unknown];

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
  /** Which server the facts are of. */
  #factsOf: RedisEndpoint | null = null;
  #connectedTo: RedisEndpoint | null = null;
  #wake: () => void = () => {};
  #hurried = false;

  constructor(options: FactsPollerOptions) {
    this.#options = options;
  }

  /** host:port of the server that the facts are of; null without any. */
  get address(): string | null {
    return this.#factsOf === null ? null : formatAddress(this.#factsOf);
  }

  /** Runs until the signal is aborted; never rejects. */
  async run(): Promise<void> {
    const { signal, intervalMs } = this.#options;
    // A server that hangs must not hold up the end.
    const end = () => {
      this.#drop();
      this.#wake();
    };
    signal.addEventListener("abort", end, { once: true });
    while (!signal.aborted) {
      this.#hurried = false;
      await this.ask();
      if (!this.#hurried && !signal.aborted) await this.#pause(intervalMs);
    }
    this.#drop();
  }

  /** Ends the pause between two questions: what was said last is known to be old. */
  hurry(): void {
    this.#hurried = true;
    this.#wake();
  }

  /** Asks once, now. @returns whether the server has answered. */
  async ask(): Promise<boolean> {
    const { role, ownKeys, onFacts, onInfo, signal } = this.#options;
    const endpoint = this.#options.endpoint();
    if (endpoint !== this.#connectedTo) this.#drop();
    this.#connectedTo = endpoint;
    if (endpoint === null) return false;
    try {
      this.#client ??= await openClient(endpoint, {
        role,
        timeoutMs: 5000,
        commandTimeoutMs: 10_000,
        db: ownKeys[0]?.db ?? 0,
        looksOnly: true,
        signal,
      });
      const client = this.#client;
      const askedAt = performance.now();
      // In one write: sixteen idle shards ask a destination for their keys a thousand times a minute.
      const questions = client.pipeline().info();
      for (const { key } of ownKeys) questions.exists(key);
      const [[refusal, text], ...present] = (await questions.exec()) as [Answered, ...Answered[]];
      if (refusal !== null) throw refusal;
      const info = parseInfo(String(text));
      const facts = serverFacts(info);
      this.facts = facts;
      this.#factsOf = endpoint;
      // An ACL user may be permitted INFO and not EXISTS: the facts matter more than one key in the counts.
      const own = ownKeys.filter((_, index) => present[index]?.[1] === 1);
      this.keys = facts.keyspace.slice(0, MOST_DATABASES).map((count) => {
        const here = own.filter((key) => key.db === count.db);
        const expiring = here.filter((key) => key.expires);
        return { db: count.db, keys: count.keys - here.length, expires: count.expires - expiring.length };
      });
      onFacts(facts);
      await onInfo?.(info, client, askedAt);
      return true;
    } catch {
      this.#drop();
      return false;
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #drop(): void {
    if (this.#client !== null) dropClient(this.#client);
    this.#client = null;
  }
}
