import { formatAddress } from "../../redis/endpoint.ts";
import type { DestinationAbilities } from "../destination/destination-abilities.ts";
import type { DestinationDurability } from "../destination/destination-durability.ts";
import type { Neighbors } from "../destination/neighbors.ts";
import type { HeldBackExpiries } from "../expiry/held-back-expiries.ts";
import type { StreamClock } from "../expiry/stream-clock.ts";
import type { StreamLedger } from "../ledger/stream-ledger.ts";
import type { FormerKeys } from "../reconcile/former-keys.ts";
import type { Hold } from "../reconcile/hold.ts";
import type { KeptScripts } from "../scripting/kept-scripts.ts";
import type { ShardSyncSpec } from "../spec/shard-sync-spec.ts";
import type { TaskMerge } from "../strays/task-merge.ts";
import type { StreamProgress } from "../stream/stream-progress.ts";

/** What applying a generation needs beside the generation and the session. */
export type ApplyContext = {
  readonly spec: ShardSyncSpec;
  readonly role: string;
  readonly ledger: StreamLedger;
  readonly heldBack: HeldBackExpiries;
  readonly clock: StreamClock;
  readonly scripts: KeptScripts;
  readonly durability: DestinationDurability;
  /** What the destination held before the task began; null where that was nothing, or is not known. */
  readonly former: FormerKeys | null;
  readonly hold: Hold;
  /** Other tasks on the destination. */
  readonly neighbors: Neighbors;
  /** ms that a reconcile waits for something that does not move before it says so. */
  readonly patienceMs: number;
  readonly merge: TaskMerge;
  readonly now: () => number;
  readonly progress: StreamProgress;
  /** An RDB is applied whole, and its checkpoint is about to be written: a stop from now on is one of the stream. */
  readonly onLoaded: () => void;
};

/** Keys of the destination that are not to be written, whatever a shard says; null where there are none. */
export function keptBy({ spec, former }: ApplyContext): ((db: number, key: Uint8Array) => boolean) | null {
  if (spec.destinationKeys !== "keep" || former === null || former.size === 0) return null;
  return (db, key) => former.holds(db, key);
}

/** Former keys that a shard may write. */
export function overwritten(
  { destinationKeys }: Pick<ShardSyncSpec, "destinationKeys">,
  former: FormerKeys | null,
): FormerKeys | null {
  return destinationKeys === "keep" ? null : former;
}

export function presentDatabases({ destination }: ShardSyncSpec, abilities: DestinationAbilities) {
  return { address: formatAddress(destination), count: abilities.databases };
}
