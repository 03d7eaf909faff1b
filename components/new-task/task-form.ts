import type { ShrinkForm } from "@/components/merging/shrink-form";
import type { MergePolicy } from "@/server/merge/merge-policy";
import type { DestinationKeysPolicy, FlushPolicy } from "@/server/sync/spec/shard-sync-spec";

export type AddressForm = { address: string; username: string; password: string };
export type PairForm = { source: string; destination: string };

/** What was chosen for one pool of the file, and may not fit another. */
export type PoolForm = {
  pool: string;
  /** By the name of a server of the pool: its replicas or Sentinels. */
  further: Record<string, string>;
  /** null is the default: that of the ring. */
  mergePolicy: MergePolicy | null;
  onFlush: FlushPolicy;
};

/** What stands in the fields of the new task's page, as text. */
export type TaskForm = {
  /** null until somebody types one: the task is then called as its pool. */
  name: string | null;
  kind: "nutcracker" | "shards";
  text: string;
  /** As it was chosen; the only usable pool of a file needs no choice. */
  pool: string;
  ofPool: PoolForm;
  /** Where the running nutcracker gives its statistics; empty for nowhere. */
  stats: string;
  shards: AddressForm[];
  destination: AddressForm;
  databases: "default" | "all" | "pairs";
  pairs: PairForm[];
  publish: "forward" | "skip";
  onDestinationDataLost: "resync" | "stop";
  destinationKeys: DestinationKeysPolicy;
  shrink: ShrinkForm;
};

export const emptyAddress: AddressForm = { address: "", username: "", password: "" };
const emptyPool: PoolForm = { pool: "", further: {}, mergePolicy: null, onFlush: "skip" };

export const emptyForm: TaskForm = {
  name: null,
  kind: "nutcracker",
  text: "",
  pool: "",
  ofPool: emptyPool,
  stats: "",
  shards: [emptyAddress, emptyAddress],
  destination: emptyAddress,
  databases: "default",
  pairs: [{ source: "0", destination: "0" }],
  publish: "forward",
  onDestinationDataLost: "resync",
  destinationKeys: "must-be-empty",
  shrink: { onShrink: "hold", maxKeys: "1000", maxPercent: "10" },
};

/** A pair for the end of the list: the next database, to the same number. */
export function newPair(pairs: readonly PairForm[]): PairForm {
  const next = String(Math.max(-1, ...pairs.map((pair) => Number(pair.source) || 0)) + 1);
  return { source: next, destination: next };
}

/** What was chosen for a pool; the defaults where the choices were made for another one. */
export function choicesOf(ofPool: PoolForm, pool: string): PoolForm {
  return ofPool.pool === pool ? ofPool : { ...emptyPool, pool };
}

/** A row in which nothing stands; it is left out of the task. */
export function isBlank(shard: AddressForm): boolean {
  return Object.values(shard).every((text) => text.trim() === "");
}

/** Without a ring nobody owns a key, whatever was chosen for a pool before. */
export function effectivePolicy(
  { mergePolicy }: Pick<PoolForm, "mergePolicy">,
  hasRing: boolean,
): MergePolicy {
  return hasRing ? (mergePolicy ?? "owner-wins") : "last-write";
}
