import { KeyOwnership } from "../../merge/key-ownership.ts";
import type { MergeFacts } from "../report/shard-report.ts";
import type { ShardSyncSpec } from "../spec/shard-sync-spec.ts";
import { MergeCounts } from "./merge-counts.ts";
import { shardIdsByIndex, shardNamesByIndex } from "./shard-places.ts";
import { StrayNotices } from "./stray-notices.ts";
import { StrayRegistry } from "./stray-registry.ts";
import { UnheldKeys } from "./unheld-keys.ts";

/** Another task that writes into the same databases of the destination. */
export type Neighbor = { readonly taskId: string; readonly shardIds: readonly string[] };

/** Who is there, as it is now. */
export type NeighborList = {
  readonly any: boolean;
  /** One is there, or was since this task began. */
  readonly ever: boolean;
  /** For a message. */
  readonly names: string;
  readonly list: readonly {
    readonly taskId: string;
    readonly shards: readonly { readonly id: string }[];
    /** It writes no more; what it brought is still there. */
    readonly leftAt: number | null;
  }[];
};

/** What one shard sync knows of the others that write to the same destination; it outlives connections. */
export class TaskMerge {
  readonly ownership: KeyOwnership | null;
  readonly registry = new StrayRegistry();
  readonly unheld = new UnheldKeys();
  readonly notices: StrayNotices;
  readonly counts = new MergeCounts();
  readonly shardNames: readonly string[];
  readonly self: number;
  readonly hasSiblings: boolean;
  readonly #policy: string;
  #neighbors: NeighborList = { any: false, ever: false, names: "", list: [] };
  #kept = 0;

  constructor(
    spec: Pick<ShardSyncSpec, "taskId" | "shardId" | "shardName" | "shardIndex" | "siblings" | "merge">,
    now: () => number,
  ) {
    this.ownership = KeyOwnership.of(spec.merge);
    this.notices = new StrayNotices(spec.taskId, shardIdsByIndex(spec), spec.shardIndex, now);
    this.shardNames = shardNamesByIndex(spec);
    this.self = spec.shardIndex;
    this.hasSiblings = spec.siblings.length > 0;
    this.#policy = spec.merge.policy;
  }

  /** Other shard syncs may note keys for this one. */
  get isNotedByOthers(): boolean {
    return this.hasSiblings || this.#neighbors.any;
  }

  /** What a neighbor has brought lies in the same databases, also where it has left. */
  get hasNeighbors(): boolean {
    return this.#neighbors.any;
  }

  /** What lies there and no shard of the task has may be a neighbor's, or have been. */
  get hadNeighbors(): boolean {
    return this.#neighbors.ever;
  }

  /** Those that can be told of a key. */
  neighbors(): readonly Neighbor[] {
    return this.#neighbors.list
      .filter(({ leftAt }) => leftAt === null)
      .map(({ taskId, shards }) => ({ taskId, shardIds: shards.map(({ id }) => id) }));
  }

  /** @param neighbors changes with those who come and go. */
  follow(neighbors: NeighborList): void {
    this.#neighbors = neighbors;
  }

  /** The ring gives this shard the key. Without a ring every key is its own. */
  owns(key: Uint8Array): boolean {
    return this.ownership === null || this.ownership.ownerOf(key) === this.self;
  }

  /** @param kept keys of the destination that are not to be written. */
  keeps(kept: number): void {
    this.#kept = kept;
  }

  /** This shard writes a key. @param db the destination's. */
  wrote(db: number, key: Uint8Array): void {
    if (this.#neighbors.any && this.unheld.isFormer(db, key))
      this.counts.collision(db, key, this.#neighbors.names);
  }

  facts(): MergeFacts | null {
    const others = this.hasSiblings || this.#neighbors.any || this.#kept > 0;
    return others ? this.counts.facts(this.#policy, this.registry.lone, this.#kept) : null;
  }
}
