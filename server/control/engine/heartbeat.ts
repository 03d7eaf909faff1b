import type { Redis } from "ioredis";
import { openClient, toTributaryError } from "../../redis/client.ts";
import { formatAddress, type RedisEndpoint } from "../../redis/endpoint.ts";
import { HEARTBEAT_KEY } from "../../sync/checkpoint/own-keys.ts";
import { pause } from "../../sync/retry/pause.ts";
import type { ShardSyncSpec } from "../../sync/spec/shard-sync-spec.ts";

/** s: when the task ends, the key goes by itself. */
const expireSeconds = 30;

/**
 * Writes the time on one shard each second, which gives the lag in seconds when it comes back in the stream.
 * Where that is not possible it says why through `onProblem` (null = it is written) and tries again.
 */
export class Heartbeat {
  readonly #spec: ShardSyncSpec;
  readonly #db: number;
  readonly #master: () => RedisEndpoint | null;
  readonly #now: () => number;
  readonly #onProblem: (problem: string | null) => void;
  readonly #end = new AbortController();
  #client: Redis | null = null;
  #endpoint: RedisEndpoint | null = null;

  /** @param options.master where the shard's master is now; null while it has not been found. */
  constructor(
    spec: ShardSyncSpec,
    db: number,
    options: {
      master: () => RedisEndpoint | null;
      onProblem: (problem: string | null) => void;
      now?: () => number;
    },
  ) {
    this.#spec = spec;
    this.#db = db;
    this.#master = options.master;
    this.#now = options.now ?? Date.now;
    this.#onProblem = options.onProblem;
  }

  /** Returns after `stop`; never rejects. */
  async run(): Promise<void> {
    let failures = 0;
    while (!this.#end.signal.aborted) {
      try {
        await this.#write();
        failures = 0;
        this.#onProblem(null);
      } catch (error) {
        this.#disconnect();
        if (this.#end.signal.aborted) return;
        failures++;
        this.#onProblem(this.#explain(error));
      }
      await pause(failures === 0 ? 1_000 : Math.min(1_000 * 2 ** (failures - 1), 15_000), this.#end.signal);
    }
  }

  stop(): void {
    this.#end.abort();
    this.#disconnect();
  }

  async #write(): Promise<void> {
    const endpoint = this.#master();
    // A former master would take it as a write of its own, and so part from the new one's history.
    if (endpoint !== this.#endpoint) this.#disconnect();
    this.#endpoint = endpoint;
    if (endpoint === null) throw new MasterMissing();
    this.#client ??= await openClient(endpoint, {
      role: this.#role(),
      db: this.#db,
      connectionName: `tributary:${this.#spec.taskId}:${this.#spec.shardId}:heartbeat`,
      signal: this.#end.signal,
    });
    await this.#client.setex(HEARTBEAT_KEY, expireSeconds, String(this.#now()));
  }

  #role(): string {
    return `shard ${this.#spec.shardName}`;
  }

  #explain(error: unknown): string {
    if (error instanceof MasterMissing) return `the master of ${this.#role()} has not been found yet`;
    const address = formatAddress(this.#endpoint ?? this.#spec.source);
    if (error instanceof Error && error.message.startsWith("READONLY")) {
      return `${this.#role()} at ${address} is a replica and takes no heartbeat; give its master's address`;
    }
    const { message } = toTributaryError(error, { role: this.#role(), address, command: "SETEX" });
    return `the heartbeat cannot be written: ${message.replace(/\.$/, "")}`;
  }

  #disconnect(): void {
    this.#client?.disconnect();
    this.#client = null;
  }
}

class MasterMissing extends Error {}
