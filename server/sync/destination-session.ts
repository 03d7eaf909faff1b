import { randomBytes } from "node:crypto";
import type { Redis } from "ioredis";
import { TributaryError } from "../errors/tributary-error.ts";
import { dropClient, openClient, toTributaryError } from "../redis/client.ts";
import { formatAddress } from "../redis/endpoint.ts";
import type { ReplyHandler } from "../redis/reply-scanner.ts";
import { parseInfo, type ServerFacts, serverFacts } from "../redis/server-info.ts";
import { type Checkpoint, parseCheckpoint } from "./checkpoint.ts";
import { ControlClient } from "./control-client.ts";
import { DestinationLink } from "./destination-link.ts";
import { checkpointKey, connectionName, doubtfulKeysKey, epochField } from "./own-keys.ts";
import { destinationWasEmpty, forgetWasEmpty } from "./reconcile-was-empty.ts";
import type { ShardSyncSpec } from "./shard-sync-spec.ts";

const ROLE = "the destination";
const TIMEOUT_MS = 10_000;
/** Rounds of CLIENT LIST and CLIENT KILL until no former writer is left. */
const KILL_ROUNDS = 50;

/** What the destination says of this shard: never begun, begun but never finished, or applied up to a checkpoint. */
export type Standing =
  | { readonly kind: "new" }
  | { readonly kind: "begun" }
  | ({ readonly kind: "at" } & Checkpoint);

/** The field's value while an initial sync is under way: what lies there is neither the old state nor a new one. */
const BEGUN = "0 initial-sync";

/**
 * A shard sync's time at the destination: a control connection and, once opened, the connection that writes.
 * Opening it takes over from whoever wrote for this shard before, in this order: raise the epoch, disconnect
 * the former writers, open and name the own connection, check that the epoch is still one's own, read the
 * checkpoint. So of two engines one is always either disconnected or sees an epoch that is not its own.
 */
export class DestinationSession {
  readonly link: DestinationLink;
  readonly standing: Standing;
  readonly facts: ServerFacts;
  readonly epoch: number;
  /** Shaded expiries may lie there from before. */
  readonly shaded: boolean;
  /** The synchronised databases were empty when the task began: all that lies there is the task's. */
  readonly wasEmpty: boolean;
  /** Why former writers could not be disconnected; null when they could. */
  readonly unfenced: string | null;
  readonly #control: ControlClient;
  readonly #spec: ShardSyncSpec;

  private constructor(
    parts: Pick<
      DestinationSession,
      "link" | "standing" | "facts" | "epoch" | "unfenced" | "shaded" | "wasEmpty"
    >,
    control: ControlClient,
    spec: ShardSyncSpec,
  ) {
    this.link = parts.link;
    this.standing = parts.standing;
    this.facts = parts.facts;
    this.epoch = parts.epoch;
    this.unfenced = parts.unfenced;
    this.wasEmpty = parts.wasEmpty;
    this.shaded = parts.shaded;
    this.#control = control;
    this.#spec = spec;
  }

  /**
   * @param epoch the one taken before by this shard sync; null takes a new one.
   * @throws TributaryError FENCED when another engine has taken the epoch; those of openClient and the link.
   */
  static async open(
    spec: ShardSyncSpec,
    options: { epoch: number | null; handler: ReplyHandler; onWake: () => void; signal: AbortSignal },
  ): Promise<DestinationSession> {
    const { signal } = options;
    const address = formatAddress(spec.destination);
    const control = await openClient(spec.destination, {
      role: ROLE,
      timeoutMs: TIMEOUT_MS,
      db: spec.checkpointDb,
      signal,
    });
    let link: DestinationLink | null = null;
    try {
      const facts = serverFacts(parseInfo(String(await control.info())));
      if (facts.mode === "cluster") {
        throw new TributaryError("DESTINATION_UNSUPPORTED", { address, detail: "it is a cluster" });
      }
      const key = checkpointKey(spec.taskId);
      const field = epochField(spec.shardId);
      // Judged before this shard can write: of the task's shards the first to come here decides.
      const wasEmpty = await destinationWasEmpty(control, spec, facts.keyspace);
      const epoch = await takeEpoch(control, spec, options.epoch);
      const prefix = connectionName(spec.taskId, spec.shardId, "");
      const unfenced = await disconnectOthers(control, prefix);
      link = await DestinationLink.open({
        endpoint: spec.destination,
        name: `${prefix}${randomBytes(6).toString("hex")}`,
        db: spec.checkpointDb,
        timeoutMs: TIMEOUT_MS,
        signal,
        handler: options.handler,
        onWake: options.onWake,
      });
      const [held, text, shaded] = await control.hmget(key, field, spec.shardId, shadedField(spec));
      // An epoch that is gone went with the data: that is told by the standing, not by the fence.
      if (held !== null && held !== undefined && Number(held) > epoch) {
        throw new TributaryError("FENCED", { role: `shard ${spec.shardName}` });
      }
      const standing = readStanding(text ?? null);
      dropClient(control);
      return new DestinationSession(
        { link, standing, facts, epoch, unfenced, wasEmpty, shaded: shaded != null },
        new ControlClient(spec, epoch, signal),
        spec,
      );
    } catch (error) {
      link?.close();
      control.disconnect();
      signal.throwIfAborted();
      throw toTributaryError(error, { role: ROLE, address, command: "HINCRBY" });
    }
  }

  /** Marks that the data is neither the old state nor a new one, before an initial sync writes its first key. */
  async beginInitialSync(): Promise<void> {
    const control = await this.#control.get();
    await control.hset(
      checkpointKey(this.#spec.taskId),
      this.#spec.shardId,
      BEGUN,
      shadedField(this.#spec),
      1,
    );
  }

  /** Notes on the destination whether shaded expiries lie there, for an engine that has to restore them. */
  async noteShaded(shaded: boolean): Promise<void> {
    const key = checkpointKey(this.#spec.taskId);
    const control = await this.#control.get();
    if (shaded) await control.hset(key, shadedField(this.#spec), 1);
    else await control.hdel(key, shadedField(this.#spec));
  }

  async writeCheckpoint(text: string): Promise<void> {
    const control = await this.#control.get();
    await control.hset(checkpointKey(this.#spec.taskId), this.#spec.shardId, text);
  }

  /** Removes what Tributary keeps for this shard; the hash goes with its last field. */
  async forget(): Promise<void> {
    const control = await this.#control.get();
    await control.hdel(
      checkpointKey(this.#spec.taskId),
      this.#spec.shardId,
      epochField(this.#spec.shardId),
      shadedField(this.#spec),
    );
    await forgetWasEmpty(control, this.#spec.taskId);
    await control.del(doubtfulKeysKey(this.#spec.taskId, this.#spec.shardId));
  }

  close(): void {
    this.link.close();
    this.#control.close();
  }
}

/**
 * The epoch under which this shard sync writes. One that the destination has gone back behind (it was restored, or
 * a replica took its place) is written again; one that is higher is another engine's. A checkpoint without an
 * epoch was written by a connection that outlived a FLUSHALL: the data before it is gone, which is noted.
 */
async function takeEpoch(control: Redis, spec: ShardSyncSpec, before: number | null): Promise<number> {
  const key = checkpointKey(spec.taskId);
  const field = epochField(spec.shardId);
  const [held, checkpoint] = await control.hmget(key, field, spec.shardId);
  if (held == null && checkpoint != null) await control.hset(key, spec.shardId, BEGUN);
  if (before === null) return await control.hincrby(key, field, 1);
  if (Number(held ?? 0) > before) throw new TributaryError("FENCED", { role: `shard ${spec.shardName}` });
  if (Number(held ?? 0) < before) await control.hset(key, field, before);
  return before;
}

function shadedField(spec: ShardSyncSpec): string {
  return `${spec.shardId}:shaded`;
}

export function readStanding(text: string | null): Standing {
  if (text === null) return { kind: "new" };
  const checkpoint = parseCheckpoint(text);
  return checkpoint === null ? { kind: "begun" } : { kind: "at", ...checkpoint };
}

/**
 * Disconnects every connection whose name begins with `prefix` and waits until none is left: what such a
 * connection had sent and the server had not yet read is then discarded with it.
 * redis: networking.c clientCommand (KILL ID), freeClient
 */
async function disconnectOthers(control: Redis, prefix: string): Promise<string | null> {
  try {
    for (let round = 0; round < KILL_ROUNDS; round++) {
      const list = String(await control.client("LIST"));
      const ids: string[] = [];
      for (const line of list.split("\n")) {
        const id = /(?:^| )id=(\d+)/.exec(line)?.[1];
        const name = /(?:^| )name=(\S*)/.exec(line)?.[1];
        if (id !== undefined && name?.startsWith(prefix)) ids.push(id);
      }
      if (ids.length === 0) return null;
      for (const id of ids) await control.client("KILL", "ID", id);
    }
    return "its connections would not close";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
