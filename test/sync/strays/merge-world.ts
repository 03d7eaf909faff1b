import type { Redis } from "ioredis";
import type { MergePolicy, RingSpec } from "../../../server/merge/merge-policy.ts";
import { parseCheckpoint } from "../../../server/sync/checkpoint/checkpoint.ts";
import { BEGUN } from "../../../server/sync/checkpoint/checkpoint-state.ts";
import { checkpointKey, doubtfulKeysKey } from "../../../server/sync/checkpoint/own-keys.ts";
import type { ShardSyncSpec } from "../../../server/sync/spec/shard-sync-spec.ts";
import { createRing } from "../../../server/twemproxy/ring.ts";
import { type RedisServer, startRedis, until } from "../../servers/index.ts";
import { endpointAt, type SyncForTest } from "../harness/sync-for-test.ts";
import type { ThreadsForTest } from "../harness/sync-in-thread.ts";
import { syncsOfTask } from "../harness/syncs-of-task.ts";

export type WorldOptions = {
  readonly shards: number;
  /** With a ring unless it is last-write. */
  readonly policy: MergePolicy;
  readonly spec?: Partial<ShardSyncSpec>;
  /** In the place of modula over the shards. */
  readonly ring?: RingSpec;
  /** Servers that run already, in the place of new ones. */
  readonly servers?: readonly RedisServer[];
  readonly destination?: RedisServer;
  /** Where the shard syncs run; in this process unless given. */
  readonly threads?: ThreadsForTest;
};

/** What is written while no engine runs is still there when it comes back. */
const conf = { "repl-backlog-size": "64mb" };

/** Redis-Servers as the shards of one pool, a destination, and a shard sync for each of them; none is started. */
export class MergeWorld {
  readonly shards: readonly RedisServer[];
  readonly destination: RedisServer;
  readonly ring: RingSpec;
  readonly policy: MergePolicy;
  syncs: readonly SyncForTest[] = [];
  readonly #options: WorldOptions;
  readonly #owner: (key: string) => number;

  private constructor(shards: readonly RedisServer[], destination: RedisServer, options: WorldOptions) {
    this.shards = shards;
    this.destination = destination;
    this.policy = options.policy;
    this.ring = options.ring ?? modulaRing(shards.length);
    this.#options = options;
    const ring = createRing(this.ring);
    this.#owner = (key) => this.ring.servers[ring.ownerOf(Buffer.from(key, "latin1"))!]!.shardIndex;
  }

  static async start(options: WorldOptions): Promise<MergeWorld> {
    const shards =
      options.servers ??
      (await Promise.all(Array.from({ length: options.shards }, () => startRedis({ conf }))));
    const world = new MergeWorld(shards, options.destination ?? (await startRedis()), options);
    world.newSyncs();
    return world;
  }

  /** Shard syncs as those of another engine; those before are to be stopped. */
  newSyncs(spec: Partial<ShardSyncSpec> = {}): void {
    const { policy } = this;
    const merge = { policy, ring: policy === "last-write" ? null : this.ring };
    const sources = this.shards.map((shard) => endpointAt(shard));
    const to = endpointAt(this.destination);
    const { threads } = this.#options;
    const make = threads && ((own: Parameters<ThreadsForTest["sync"]>[0]) => threads.sync(own));
    this.syncs = syncsOfTask(sources, to, { merge, ...this.#options.spec, ...spec }, {}, make);
  }

  /** The shard to which Twemproxy sends the key. */
  ownerOf(key: string): number {
    return this.#owner(key);
  }

  /** A name that begins with `name` and is the shard's own. */
  nameOf(shard: number, name: string): string {
    for (let number = 0; ; number++) {
      const full = `${name}${number}`;
      if (this.ownerOf(full) === shard) return full;
    }
  }

  client(shard: number): Redis {
    return this.shards[shard]!.client;
  }

  async synchronizing(): Promise<void> {
    for (const sync of this.syncs) sync.start();
    await Promise.all(this.syncs.map((sync) => sync.reaches("synchronizing", 60_000)));
  }

  /** Copies a shard as a whole, as after too long a pause. */
  async copyAgain(shard: number): Promise<void> {
    const sync = this.syncs[shard]!;
    await sync.stop();
    const { taskId, shardId } = sync.spec;
    await this.destination.client.hset(checkpointKey(taskId), shardId, BEGUN);
    sync.start();
    await this.settled();
  }

  async stop(): Promise<void> {
    await Promise.all(this.syncs.map((sync) => sync.stop()));
  }

  /** Resolves when all that the shards have written is applied, and no shard sync has anything left to decide. */
  async settled(timeoutMs = 60_000): Promise<void> {
    const { client } = this.destination;
    const doubtful = this.syncs.map(({ spec }) => doubtfulKeysKey(spec.taskId, spec.shardId));
    await until(
      async () => {
        const wanted = await Promise.all(this.shards.map(({ client: shard }) => positionOf(shard)));
        const { taskId } = this.syncs[0]!.spec;
        const asked = client.multi().hgetall(checkpointKey(taskId));
        for (const set of doubtful) asked.scard(set);
        const [[, texts], ...counts] = (await asked.exec()) as [
          [null, Record<string, string>],
          [null, number],
        ];
        const waits = this.syncs.some(({ latest }) => latest === null || latest.status !== "synchronizing");
        if (waits || counts.some(([, count]) => count > 0)) return false;
        return this.syncs.every(({ spec }, index) => {
          const checkpoint = parseCheckpoint(texts[spec.shardId] ?? "");
          const { replid, offset } = wanted[index]!;
          return checkpoint?.replid === replid && checkpoint.offset >= offset;
        });
      },
      { what: "all is applied and decided", timeoutMs, everyMs: 20 },
    );
  }
}

/** nutcracker's own way to deal keys to that many servers. */
export function modulaRing(shards: number): RingSpec {
  const servers = Array.from({ length: shards }, (_, shardIndex) => ({
    name: `s${shardIndex}`,
    weight: 1,
    shardIndex,
  }));
  return { hash: "fnv1a_64", hashTag: null, distribution: "modula", servers };
}

async function positionOf(shard: Redis): Promise<{ replid: string; offset: bigint }> {
  const info = await shard.info("replication");
  return {
    replid: /master_replid:(\w+)/.exec(info)![1]!,
    offset: BigInt(/master_repl_offset:(\d+)/.exec(info)![1]!),
  };
}
