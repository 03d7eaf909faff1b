import type { ShardCommand } from "../../../server/control/engine/engine-protocol.ts";
import type { ShardRunner, ShardRunnerListener } from "../../../server/control/engine/shard-runner.ts";
import type { PlainReason } from "../../../server/errors/tributary-error.ts";
import type { ShardReport, ShardStatus } from "../../../server/sync/report/shard-report.ts";
import type { ShardSyncSpec } from "../../../server/sync/spec/shard-sync-spec.ts";

/** A runner whose shard syncs do what the test says, and that notes what it was told. */
export class FakeRunner implements ShardRunner {
  readonly log: string[] = [];
  readonly specs = new Map<string, ShardSyncSpec>();
  /** What `stop` answers. */
  drained = true;
  readonly #listener: ShardRunnerListener;

  constructor(listener: ShardRunnerListener) {
    this.#listener = listener;
  }

  start(spec: ShardSyncSpec): void {
    this.log.push(`start ${spec.shardId}`);
    this.specs.set(spec.shardId, spec);
  }

  async stop(_: string, shardId: string, { forgetCheckpoint }: { forgetCheckpoint: boolean }) {
    this.log.push(`stop ${shardId}${forgetCheckpoint ? " and forget" : ""}`);
    this.specs.delete(shardId);
    return { drained: this.drained };
  }

  tell(command: ShardCommand): void {
    this.log.push(`${command.type} ${command.shardId}`);
  }

  async close(): Promise<void> {
    this.log.push("close");
  }

  /** Lets every shard sync that runs report this status. */
  reportAll(status: ShardStatus, more: Partial<ShardReport> = {}): void {
    for (const spec of this.specs.values()) this.report(spec, status, more);
  }

  report(spec: ShardSyncSpec, status: ShardStatus, more: Partial<ShardReport> = {}): void {
    this.#listener.onReport(reportOf(spec, status, more));
  }

  die(spec: ShardSyncSpec, reason: PlainReason, givenUp: boolean): void {
    if (givenUp) this.specs.delete(spec.shardId);
    this.#listener.onWorkerDied(spec.taskId, spec.shardId, reason, givenUp);
  }

  end(spec: ShardSyncSpec): void {
    this.specs.delete(spec.shardId);
    this.#listener.onEnded(spec.taskId, spec.shardId);
  }
}

export function reportOf(
  spec: { readonly taskId: string; readonly shardId: string },
  status: ShardStatus,
  more: Partial<ShardReport> = {},
): ShardReport {
  return {
    taskId: spec.taskId,
    shardId: spec.shardId,
    at: Date.now(),
    status,
    reason: null,
    since: Date.now(),
    source: null,
    destination: null,
    initialSync: null,
    stream: {
      receivedOffset: "100",
      appliedOffset: "100",
      commandsApplied: 10,
      commandsSkipped: 0,
      commandsRejected: 0,
      bytesApplied: 100,
      doubtfulKeys: 0,
      batches: 1,
    },
    lag: { bytes: 0, seconds: 0.5, secondsUnknownBecause: null },
    checkpoint: { replid: "a".repeat(40), offset: "100", db: 0 },
    sourceKeys: [{ db: 0, keys: 3, expires: 0 }],
    destinationKeys: [{ db: 0, keys: 6, expires: 0 }],
    initialSyncs: 0,
    merge: null,
    spool: { memoryBytes: 0, diskBytes: 0 },
    held: null,
    differs: null,
    refused: [],
    scripts: [],
    events: [],
    ...more,
  };
}
