import type { Redis } from "ioredis";
import { TributaryError } from "../../errors/tributary-error.ts";
import { dropClient, openClient } from "../../redis/client.ts";
import type { RedisEndpoint } from "../../redis/endpoint.ts";
import { parseInfo, releaseOf, serverFacts } from "../../redis/server-info.ts";
import { requireSameServerAt } from "../destination/same-server.ts";
import type { ShardSyncSpec } from "../spec/shard-sync-spec.ts";
import { DUMP_ANSWER_BYTES } from "../spec/sync-limits.ts";

/** A source that is silent for this long is asked again later, ms: the stream waits for its answer. */
const SOURCE_ANSWERS_MS = 5000;

/** A value of 32 MiB is copied (key-dump.ts), and what stands beside it in an answer; bytes. */
const ANSWER_BYTES = 40 * 1024 * 1024;

/** The connections over which doubtful keys are asked for, each opened when it is wanted. */
export class RefresherConnections {
  readonly #spec: ShardSyncSpec;
  readonly #endpoint: () => RedisEndpoint | null;
  readonly #runId: string;
  #source: { readonly client: Redis; readonly endpoint: RedisEndpoint; readonly release: number } | null =
    null;
  #destination: Redis | null = null;

  /**
   * @param endpoint where the shard's master is now; null while it has not been found.
   * @param runId of the destination's process to which the stream is applied.
   */
  constructor(spec: ShardSyncSpec, endpoint: () => RedisEndpoint | null, runId: string) {
    this.#spec = spec;
    this.#endpoint = endpoint;
    this.#runId = runId;
  }

  /** The shard's master, and the first part of its version. @throws TributaryError as openClient, SOURCE_NO_MASTER */
  async source(signal: AbortSignal): Promise<{ readonly client: Redis; readonly release: number }> {
    const endpoint = this.#endpoint();
    const role = `shard ${this.#spec.shardName}`;
    if (endpoint === null)
      throw new TributaryError("SOURCE_NO_MASTER", { role, detail: "none has been found yet" });
    if (this.#source !== null && this.#source.endpoint !== endpoint) this.#dropSource();
    if (this.#source === null) {
      const client = await openClient(endpoint, {
        role,
        signal,
        commandTimeoutMs: SOURCE_ANSWERS_MS,
        answerBytes: DUMP_ANSWER_BYTES,
        stringNumbers: true,
        looksOnly: true,
      });
      try {
        const { redisVersion } = serverFacts(parseInfo(await client.info("server")));
        this.#source = { client, endpoint, release: releaseOf(redisVersion) };
      } catch (error) {
        dropClient(client);
        throw error;
      }
    }
    return this.#source;
  }

  /** @throws TributaryError as openClient; DESTINATION_LINK_LOST where another server is there now. */
  async destination(signal: AbortSignal): Promise<Redis> {
    if (this.#destination === null) {
      const { destination, checkpointDb } = this.#spec;
      const options = { role: "the destination", db: checkpointDb, signal, answerBytes: ANSWER_BYTES };
      const client = await openClient(destination, options);
      try {
        await requireSameServerAt(client, destination, this.#runId);
      } catch (error) {
        dropClient(client);
        throw error;
      }
      this.#destination = client;
    }
    return this.#destination;
  }

  close(): void {
    this.#dropSource();
    if (this.#destination !== null) dropClient(this.#destination);
    this.#destination = null;
  }

  #dropSource(): void {
    if (this.#source !== null) dropClient(this.#source.client);
    this.#source = null;
  }
}
