import type { Redis } from "ioredis";
import { dropClient, openClient } from "../../redis/client.ts";
import { checkpointKey, connectionName, epochField } from "../checkpoint/own-keys.ts";
import type { ShardSyncSpec } from "../spec/shard-sync-spec.ts";
import type { SyncLimits } from "../spec/sync-limits.ts";
import { requireEpoch } from "./fence.ts";
import { requireSameServerAt } from "./same-server.ts";

/**
 * A connection to the destination for what is said now and then: it may be closed for being idle (timeout, NAT)
 * and is then opened again. It carries the shard sync's name, so that the next engine disconnects it, and is
 * opened again only while the epoch is still one's own.
 */
export class ControlClient {
  readonly #spec: ShardSyncSpec;
  readonly #epoch: number;
  readonly #limits: SyncLimits;
  readonly #signal: AbortSignal;
  readonly #runId: string;
  #client: Redis | null = null;

  /**
   * @param epoch the one that this shard sync has taken.
   * @param runId of the server that the session writes to; empty where any will do.
   */
  constructor(spec: ShardSyncSpec, epoch: number, limits: SyncLimits, signal: AbortSignal, runId: string) {
    this.#spec = spec;
    this.#limits = limits;
    this.#epoch = epoch;
    this.#signal = signal;
    this.#runId = runId;
  }

  /**
   * @throws TributaryError FENCED when another engine has taken the epoch, DESTINATION_LINK_LOST when another server
   * is there than the session writes to; those of openClient.
   */
  async get(): Promise<Redis> {
    if (this.#client?.status === "ready") return this.#client;
    this.close();
    const { taskId, shardId, destination, checkpointDb } = this.#spec;
    const client = await openClient(destination, {
      role: "the destination",
      timeoutMs: this.#limits.openMs,
      commandTimeoutMs: this.#limits.commandMs,
      connectionName: connectionName(taskId, shardId, "control"),
      db: checkpointDb,
      signal: this.#signal,
    });
    try {
      await requireSameServerAt(client, destination, this.#runId);
      const held = await client.hget(checkpointKey(taskId), epochField(shardId));
      requireEpoch(held, this.#epoch, this.#spec);
    } catch (error) {
      dropClient(client);
      throw error;
    }
    this.#client = client;
    return client;
  }

  close(): void {
    if (this.#client !== null) dropClient(this.#client);
    this.#client = null;
  }
}
