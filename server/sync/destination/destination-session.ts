import { createHash, randomBytes } from "node:crypto";
import { type Redis, ReplyError } from "ioredis";
import { TributaryError } from "../../errors/tributary-error.ts";
import { LAST_WRITE, type MergeSpec } from "../../merge/merge-policy.ts";
import { databaseCount, dropClient, openClient, toTributaryError } from "../../redis/client.ts";
import { formatAddress } from "../../redis/endpoint.ts";
import type { ReplyHandler } from "../../redis/reply-scanner.ts";
import { type DatabaseKeys, parseInfo, type ServerFacts, serverFacts } from "../../redis/server-info.ts";
import { BEGUN, type CheckpointState, LOST, readCheckpointState } from "../checkpoint/checkpoint-state.ts";
import {
  checkpointKey,
  connectionName,
  differsField,
  epochField,
  formerKeysKey,
  functionsKey,
  keysField,
  notedKey,
  notingField,
  shardKeys,
  trueExpiriesKey,
} from "../checkpoint/own-keys.ts";
import { pause } from "../retry/pause.ts";
import type { ShardSyncSpec } from "../spec/shard-sync-spec.ts";
import type { SyncLimits } from "../spec/sync-limits.ts";
import { ControlClient } from "./control-client.ts";
import { abilitiesOf, type DestinationAbilities } from "./destination-abilities.ts";
import { readLimits } from "./destination-limits.ts";
import { DestinationLink } from "./destination-link.ts";
import { destinationWasEmpty, forgetTask, noteNeighbors } from "./destination-was-empty.ts";
import { requireEpoch, takeEpoch } from "./fence.ts";
import { requireCommands } from "./needed-commands.ts";
import { leaveNeighbors, type Neighbors } from "./neighbors.ts";
import { disconnectOthers } from "./take-over.ts";
import { takeGuard, WRITER_CHANGED } from "./writer-guard.ts";

const ROLE = "the destination";
/** ms between two looks at the guard while an initial sync writes without transactions. */
const GUARD_LOOK_MS = 500;
/** ms that a former writer is given to look, and for what it has sent to be done with. */
const GUARD_SETTLE_MS = 2000;

/**
 * A shard sync's time at the destination: a control connection and, once opened, the connection that writes.
 * Opening it takes over from whoever wrote for this shard before, in this order: raise the epoch, disconnect
 * the former writers, open and name the own connection, check that the epoch is still one's own, read the
 * checkpoint. So of two engines one is always either disconnected or sees an epoch that is not its own.
 */
export class DestinationSession {
  readonly link: DestinationLink;
  readonly checkpointState: CheckpointState;
  readonly facts: ServerFacts;
  readonly abilities: DestinationAbilities;
  readonly epoch: number;
  /** Held-back expiries may lie there from before. */
  readonly heldBack: boolean;
  /** The synchronized databases were empty when the task began: all that lies there is the task's. */
  readonly wasEmpty: boolean;
  /** What an engine before this one knew to differ, as differences.ts reads it; "" for nothing. */
  readonly differs: string;
  /** Keys that the shard had brought when they were counted last; null where they never were. */
  readonly hadKeys: number | null;
  /** Why former writers could not be disconnected; null when they could. */
  readonly unfenced: string | null;
  readonly limits: SyncLimits;
  readonly #control: ControlClient;
  /** Names the initial sync that has begun in this session. */
  #noting = "";
  readonly #spec: ShardSyncSpec;

  private constructor(
    parts: Pick<
      DestinationSession,
      | "link"
      | "checkpointState"
      | "facts"
      | "abilities"
      | "epoch"
      | "unfenced"
      | "heldBack"
      | "wasEmpty"
      | "differs"
      | "hadKeys"
      | "limits"
    >,
    control: ControlClient,
    spec: ShardSyncSpec,
  ) {
    this.link = parts.link;
    this.checkpointState = parts.checkpointState;
    this.facts = parts.facts;
    this.abilities = parts.abilities;
    this.epoch = parts.epoch;
    this.unfenced = parts.unfenced;
    this.wasEmpty = parts.wasEmpty;
    this.differs = parts.differs;
    this.hadKeys = parts.hadKeys;
    this.heldBack = parts.heldBack;
    this.limits = parts.limits;
    this.#control = control;
    this.#spec = spec;
  }

  /**
   * @param options.epoch the one taken before by this shard sync; null takes a new one.
   * @param options.wasEmpty what the session before this one found; null at the first.
   * @throws TributaryError FENCED when another engine has taken the epoch; those of openClient and the link.
   */
  static async open(
    spec: ShardSyncSpec,
    options: {
      epoch: number | null;
      wasEmpty: boolean | null;
      limits: SyncLimits;
      neighbors: Neighbors;
      /** Notes which keys the destination holds before the task begins. */
      noteFormer: (control: Redis, keyspace: readonly DatabaseKeys[]) => Promise<void>;
      /** Told as soon as it is taken: what fails after that must not take a new one, and with it the shard. */
      onEpoch: (epoch: number) => void;
      handler: ReplyHandler;
      onWake: () => void;
      signal: AbortSignal;
    },
  ): Promise<DestinationSession> {
    const { signal, limits, neighbors } = options;
    const address = formatAddress(spec.destination);
    const control = await openClient(spec.destination, {
      role: ROLE,
      timeoutMs: limits.openMs,
      commandTimeoutMs: limits.openMs,
      db: spec.checkpointDb,
      signal,
    });
    let link: DestinationLink | null = null;
    try {
      const facts = serverFacts(parseInfo(String(await control.info())));
      if (facts.mode === "cluster") {
        throw new TributaryError("DESTINATION_UNSUPPORTED", { address, detail: "it is a cluster" });
      }
      const databases = await databaseCount(control);
      const permitted = await requireCommands(control, address);
      await control.select(spec.checkpointDb);
      const server = { ...facts, ...permitted, ...(await readLimits(control, facts)) };
      const abilities = abilitiesOf(server, facts.redisVersion, databases);
      const key = checkpointKey(spec.taskId);
      const field = epochField(spec.shardId);
      // Judged before this shard can write: of the task's shards the first to come here decides.
      if ((await neighbors.look(control)) === null) await neighbors.lookForUnnamed(control);
      await neighbors.look(control);
      const noteFormer = () => options.noteFormer(control, facts.keyspace);
      const wasEmpty = await destinationWasEmpty(
        control,
        spec,
        facts.keyspace,
        options.wasEmpty,
        neighbors,
        noteFormer,
      );
      await pause(await neighbors.enter(control), signal);
      await neighbors.look(control);
      neighbors.ever = await noteNeighbors(control, spec.taskId, neighbors.ever);
      const { epoch, wasGone } = await takeEpoch(control, spec, options.epoch);
      options.onEpoch(epoch);
      const prefix = connectionName(spec.taskId, spec.shardId, "");
      const unfenced = await disconnectOthers(control, prefix);
      const guard = unfenced === null ? null : await takeGuard(control, spec, epoch);
      link = await DestinationLink.open({
        endpoint: spec.destination,
        name: `${prefix}${randomBytes(6).toString("hex")}`,
        db: spec.checkpointDb,
        runId: facts.runId,
        timeoutMs: limits.openMs,
        silenceMs: limits.destinationSilenceMs,
        guard,
        signal,
        handler: options.handler,
        onWake: options.onWake,
      });
      const fields = [
        ...[field, spec.shardId, heldBackField(spec), mergedField(spec)],
        ...[differsField(spec.shardId), keysField(spec.shardId)],
      ];
      const [held, text, heldBack, merged, differs, hadKeys] = await control.hmget(key, ...fields);
      requireEpoch(held, epoch, spec);
      if (held == null) await control.hsetnx(key, field, epoch);
      let state = readCheckpointState(text ?? null);
      // Flushed while a former writer still wrote: its checkpoint says nothing of what was there before it.
      if (state.kind === "at" && (wasGone || held == null)) {
        await control.hset(key, spec.shardId, LOST);
        state = { kind: "lost" };
      }
      // What was merged by another rule is not what this one says, and only a whole copy makes it so.
      if (state.kind === "at" && (merged ?? mergeStamp(LAST_WRITE)) !== mergeStamp(spec.merge)) {
        await control.hset(key, spec.shardId, BEGUN);
        state = { kind: "begun" };
      }
      // An initial sync has no transactions: what the one before still writes must come before this one's.
      if (guard?.taken && state.kind !== "at") await pause(GUARD_SETTLE_MS, signal);
      dropClient(control);
      return new DestinationSession(
        {
          checkpointState: state,
          ...{ link, facts, abilities, epoch, unfenced, wasEmpty, limits },
          heldBack: heldBack != null,
          differs: differs ?? "",
          hadKeys: hadKeys == null ? null : Number(hadKeys),
        },
        new ControlClient(spec, epoch, limits, signal, facts.runId),
        spec,
      );
    } catch (error) {
      link?.close();
      dropClient(control);
      signal.throwIfAborted();
      const seconds = limits.openMs / 1000;
      throw toTributaryError(error, { role: ROLE, address, command: "HINCRBY", seconds });
    }
  }

  /** Marks that the data is neither the old state nor a new one, before an initial sync writes its first key. */
  async beginInitialSync(): Promise<void> {
    const spec = this.#spec;
    this.#noting = randomBytes(12).toString("hex");
    await this.#write(heldBackField(spec), "1");
    await this.#write(mergedField(spec), mergeStamp(spec.merge));
    // What is noted of an initial sync before this one is of no use to anybody.
    await this.#write(notingField(spec.shardId), this.#noting);
    await this.#write(spec.shardId, BEGUN);
    await this.unshareNoted();
  }

  /** Lets siblings know the fingerprints of the present initial sync's RDB: the disk does not take them. */
  async shareNoted(fingerprints: Buffer): Promise<void> {
    const { taskId, shardId } = this.#spec;
    const control = await this.#control.get();
    const named = Buffer.concat([Buffer.from(this.#noting, "latin1"), fingerprints]);
    await control.set(notedKey(taskId, shardId), named);
  }

  /** Nobody needs them any more. */
  async unshareNoted(): Promise<void> {
    const control = await this.#control.get();
    await control.del(notedKey(this.#spec.taskId, this.#spec.shardId));
  }

  /** Notes on the destination whether held-back expiries lie there, for an engine that has to restore them. */
  async noteHeldBack(heldBack: boolean): Promise<void> {
    const key = checkpointKey(this.#spec.taskId);
    const control = await this.#control.get();
    if (heldBack) await control.hset(key, heldBackField(this.#spec), 1);
    else await control.hdel(key, heldBackField(this.#spec));
  }

  /** Keeps what is known to differ, for an engine after this one; "" removes it. */
  async noteDiffers(text: string): Promise<void> {
    const [key, field] = [checkpointKey(this.#spec.taskId), differsField(this.#spec.shardId)];
    const control = await this.#control.get();
    if (text === "") await control.hdel(key, field);
    else await control.hset(key, field, text);
  }

  /** Keeps how many keys the shard has brought. */
  async noteKeys(count: number): Promise<void> {
    const control = await this.#control.get();
    await control.hset(checkpointKey(this.#spec.taskId), keysField(this.#spec.shardId), count);
  }

  /** Looks who else is on the destination, and says that this task is. */
  async lookAtNeighbors(neighbors: Neighbors): Promise<void> {
    const control = await this.#control.get();
    await neighbors.look(control);
    await neighbors.enter(control);
    neighbors.ever = await noteNeighbors(control, this.#spec.taskId, neighbors.ever);
  }

  /**
   * Writes the checkpoint that an initial sync has come to.
   * @throws TributaryError DESTINATION_DATA_LOST where the destination was flushed since beginInitialSync.
   */
  async writeCheckpoint(text: string): Promise<void> {
    const { shardId, shardName, destination } = this.#spec;
    if ((await this.#write(shardId, text)) === 0) return;
    await this.#write(shardId, BEGUN);
    const details = { address: formatAddress(destination), role: `shard ${shardName}` };
    throw new TributaryError("DESTINATION_DATA_LOST", details);
  }

  /** Sees to it that whoever comes next, after a crash too, copies the shard again. */
  async invalidate(): Promise<void> {
    try {
      await this.#write(this.#spec.shardId, BEGUN);
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error;
      // HSET may be what has just been forbidden.
      const control = await this.#control.get();
      const { guard } = this.link;
      const args = [checkpointKey(this.#spec.taskId), this.#spec.shardId] as const;
      if (guard === null) await control.hdel(...args);
      else await guard.within(control, (client) => client.hdel(...args));
    }
  }

  /**
   * Writes one field of the checkpoint hash: HSET takes several from Redis 4.0 on only.
   * @returns 1 where the field was not there; 0 where the guard has seen to that nothing was flushed.
   * @throws TributaryError DESTINATION_LINK_LOST where another writer has taken the shard meanwhile.
   */
  async #write(field: string, value: string): Promise<number> {
    const control = await this.#control.get();
    const { guard } = this.link;
    const key = checkpointKey(this.#spec.taskId);
    if (guard === null) return await control.hset(key, field, value);
    if (!(await guard.within(control, (client) => client.hset(key, field, value)))) {
      this.link.fail(WRITER_CHANGED);
      this.link.check();
    }
    return 0;
  }

  /** Where writers are not disconnected: ends the link soon after another one has taken the shard. @returns how to end it. */
  watchGuard(): () => void {
    const { guard } = this.link;
    if (guard === null) return () => {};
    const timer = setInterval(() => {
      const look = async () => {
        if (!(await guard.held(await this.#control.get()))) this.link.fail(WRITER_CHANGED);
      };
      look().catch((error: unknown) =>
        this.link.fail(error instanceof Error ? error.message : String(error)),
      );
    }, GUARD_LOOK_MS);
    return () => clearInterval(timer);
  }

  /** A connection for what is said now and then, in the checkpoint's database. @throws as ControlClient.get. */
  async client(): Promise<Redis> {
    return await this.#control.get();
  }

  /** A hash of Tributary's own; empty where there is none. */
  async hash(key: string): Promise<ReadonlyMap<string, Buffer>> {
    const control = await this.#control.get();
    return new Map(Object.entries(await control.hgetallBuffer(key)));
  }

  /** A set of Tributary's own; empty where there is none. */
  async members(key: string): Promise<readonly Buffer[]> {
    return (await this.#control.get()).smembersBuffer(key);
  }

  /** Removes what Tributary keeps for this shard; the hash goes with its last field. */
  async forget(): Promise<void> {
    const control = await this.#control.get();
    await control.hdel(
      checkpointKey(this.#spec.taskId),
      this.#spec.shardId,
      epochField(this.#spec.shardId),
      heldBackField(this.#spec),
      differsField(this.#spec.shardId),
      keysField(this.#spec.shardId),
      notingField(this.#spec.shardId),
      mergedField(this.#spec),
    );
    const last = await forgetTask(control, this.#spec.taskId);
    const { taskId, shardId } = this.#spec;
    await control.del(...shardKeys(taskId, shardId), functionsKey(taskId));
    // Of the task's shards the last one to go: another may still have to tell its held-back expiries from true ones.
    if (!last) return;
    await control.del(trueExpiriesKey(taskId), formerKeysKey(taskId));
    await leaveNeighbors(control, taskId, this.#spec.checkpointDb, Date.now());
  }

  close(): void {
    this.link.close();
    this.#control.close();
  }
}

/** The field of the checkpoint hash that says by which rule the shard was merged. */
function mergedField(spec: ShardSyncSpec): string {
  return `${spec.shardId}:merged`;
}

/** Equal for equal rules: the policy, and the ring where it counts. */
function mergeStamp({ policy, ring }: MergeSpec): string {
  if (policy === "last-write" || ring === null) return "last-write";
  return `${policy} ${createHash("sha1").update(JSON.stringify(ring)).digest("hex")}`;
}

function heldBackField(spec: ShardSyncSpec): string {
  return `${spec.shardId}:shaded`;
}
