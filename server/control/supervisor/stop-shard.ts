import type { ShardRunner } from "../engine/shard-runner.ts";
import type { ShardRun } from "../tasks/shard-run.ts";
import type { TaskRun } from "../tasks/task-run.ts";

/** Stops a shard sync in good order. Resolves to whether a cutover can be sure that all received was applied. */
export async function stopShard(run: TaskRun, shard: ShardRun, runner: ShardRunner): Promise<boolean> {
  const forgetCheckpoint = run.record.wanted === "finished";
  const received = BigInt(shard.facts?.stream?.receivedOffset ?? 0);
  const { drained } = await runner.stop(run.record.id, shard.record.id, { forgetCheckpoint });
  shard.end(false);
  // What comes in during the drain is not of the cutover: the writers were stopped before it.
  const applied = BigInt(shard.facts?.stream?.appliedOffset ?? -1);
  return !forgetCheckpoint || (drained && applied >= received);
}
