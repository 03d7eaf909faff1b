import type { DestinationDurability } from "../destination/destination-durability.ts";
import type { StreamLedger } from "../ledger/stream-ledger.ts";
import type { Hold } from "../reconcile/hold.ts";
import type { StreamSource } from "../refresh/key-refresher.ts";
import type { LagMeter } from "../report/lag-meter.ts";
import type { ShardSyncSpec } from "../spec/shard-sync-spec.ts";
import type { SyncLimits } from "../spec/sync-limits.ts";
import type { ReportBuilder } from "../status/report-builder.ts";
import type { TaskMerge } from "../strays/task-merge.ts";

export type GenerationApplierOptions = {
  readonly spec: ShardSyncSpec;
  readonly role: string;
  /** Where the shard's master is. */
  readonly sourceEndpoint: StreamSource["endpoint"];
  readonly now: () => number;
  readonly report: ReportBuilder;
  readonly lag: LagMeter;
  readonly ledger: StreamLedger;
  readonly hold: Hold;
  /** Keys of the shard as they were counted last; null where that was never, or of another history. */
  readonly sourceKeys: () => number | null;
  readonly limits: SyncLimits;
  readonly durability: DestinationDurability;
  readonly merge: TaskMerge;
  /** The master asks for an acknowledgement. */
  readonly acknowledge: () => void;
  readonly onChange: () => void;
  /** An initial sync is done: what was counted of the keys before is old. */
  readonly onInitialSync: () => void;
  /** Ends everything at once. */
  readonly signal: AbortSignal;
};
