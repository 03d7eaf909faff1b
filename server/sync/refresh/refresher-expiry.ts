import type { DestinationAbilities } from "../destination/destination-abilities.ts";
import type { HeldBackExpiries } from "../expiry/held-back-expiries.ts";
import type { LazyExpiryTrigger } from "../expiry/lazy-expiry-trigger.ts";
import type { StreamClock } from "../expiry/stream-clock.ts";
import type { StreamLedger } from "../ledger/stream-ledger.ts";
import type { TaskMerge } from "../strays/task-merge.ts";

/** What a refresher shares with the other parts that answer for expiries. */
export type RefresherExpiry = {
  readonly heldBack: HeldBackExpiries;
  readonly clock: StreamClock;
  readonly lazyExpiry: LazyExpiryTrigger;
  readonly ledger: StreamLedger;
  readonly abilities: DestinationAbilities;
  readonly merge: TaskMerge;
  /** Keys that lay on the destination before the task began; null where there were none, or they are not known. */
  readonly former: { holds(db: number, key: Uint8Array): boolean } | null;
  /** Of the destination's process to which the stream is applied. */
  readonly runId: string;
  readonly now: () => number;
};
