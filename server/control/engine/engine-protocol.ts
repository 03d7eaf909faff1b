import type { HoldDecision, ShardReport } from "../../sync/report/shard-report.ts";
import type { ShardSyncSpec } from "../../sync/spec/shard-sync-spec.ts";

/**
 * All that the supervisor says to an engine worker and hears from it: plain data (JSON would carry it), so
 * that a worker can later live on another host.
 */
export type EngineCommand =
  /** Run this shard sync until told otherwise; a no-op when it runs already. */
  | { readonly type: "start"; readonly spec: ShardSyncSpec }
  /** Apply what has been received, write the checkpoint, close. Answered by `stopped`. */
  | {
      readonly type: "stop";
      readonly taskId: string;
      readonly shardId: string;
      readonly forgetCheckpoint: boolean;
      /** It may take as long as a cutover. */
      readonly patient?: boolean;
      /** See StopOptions of server/sync. */
      readonly forSwitch?: boolean;
    }
  | ShardCommand
  /** Stop everything and exit the thread. */
  | { readonly type: "shutdown" };

/** What users ask of one shard sync while it runs; one that does not run does not hear it. */
export type ShardCommand =
  /** What to do about the shard while it is held. */
  | {
      readonly type: "decide";
      readonly taskId: string;
      readonly shardId: string;
      readonly decision: HoldDecision;
    }
  /** Copy the shard again, and remove what it no longer has. */
  | { readonly type: "resync"; readonly taskId: string; readonly shardId: string }
  /** Forget what is known to differ: somebody has taken note of it. */
  | { readonly type: "acknowledge"; readonly taskId: string; readonly shardId: string }
  /** Keys of the shard have been noted on the destination to be repaired: look for them now. */
  | { readonly type: "repair"; readonly taskId: string; readonly shardId: string };

export type EngineMessage =
  | { readonly type: "ready" }
  | { readonly type: "report"; readonly report: ShardReport }
  /** The shard sync ended: on request, or by itself with a reason that is not retried (its last report says which). */
  | { readonly type: "stopped"; readonly taskId: string; readonly shardId: string };

/** One name for a shard sync among those of all tasks; task ids hold no slash. */
export function shardKey(taskId: string, shardId: string): string {
  return `${taskId}/${shardId}`;
}
