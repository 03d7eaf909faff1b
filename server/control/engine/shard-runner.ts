import type { PlainReason } from "../../errors/tributary-error.ts";
import type { StopOptions } from "../../sync/apply/stop-options.ts";
import type { ShardReport } from "../../sync/report/shard-report.ts";
import type { ShardSyncSpec } from "../../sync/spec/shard-sync-spec.ts";
import type { ShardCommand } from "./engine-protocol.ts";

/** What runs shard syncs for the supervisor: the worker pool here, other hosts one day. */
export type ShardRunner = {
  /** A no-op when it runs already. */
  start(spec: ShardSyncSpec): void;
  /** Resolves when it writes no more, whether or not it could be stopped in good order. */
  stop(taskId: string, shardId: string, options: StopOptions): Promise<{ drained: boolean }>;
  /** Passes a command on to the shard sync, if it runs. */
  tell(command: ShardCommand): void;
  /** Stops all in good order, within seconds. */
  close(): Promise<void>;
};

/** What the runner says by itself. */
export type ShardRunnerListener = {
  readonly onReport: (report: ShardReport) => void;
  /** The shard sync ended without being asked; its last report says why. */
  readonly onEnded: (taskId: string, shardId: string) => void;
  /** Its worker died by it; it will be started again by the runner, unless it is given up. */
  readonly onWorkerDied: (taskId: string, shardId: string, reason: PlainReason, givenUp: boolean) => void;
};
