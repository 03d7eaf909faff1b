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

/**
 * Stops a shard sync for the switch, in good order.
 * @returns a sentence for the user why it is not known that all is applied and put right; null where it is known.
 */
export async function restShard(run: TaskRun, shard: ShardRun, runner: ShardRunner): Promise<string | null> {
  const { id, name } = shard.record;
  if (!shard.running) return `Shard ${name} does not run.`;
  const received = BigInt(shard.facts?.stream?.receivedOffset ?? 0);
  const options = { forgetCheckpoint: false, patient: true, forSwitch: true };
  const { drained } = await runner.stop(run.record.id, id, options);
  shard.end(false);
  const { stream = null, left = null, status } = shard.facts ?? {};
  if (!drained) return `Shard ${name} did not end in time.`;
  if (status === "failed")
    return `Shard ${name} failed: ${shard.facts?.reason?.message ?? "without a reason"}`;
  if (stream === null || left !== null) {
    const parts = [
      left?.bytes ? `${left.bytes} bytes of the stream` : null,
      left?.doubtfulKeys ? `${left.doubtfulKeys} doubtful keys` : null,
      left?.expiriesHeldBack ? `the expiries of ${left.expiriesHeldBack} keys` : null,
    ].filter((part) => part !== null);
    return `Shard ${name} could not be brought to its end: ${parts.join(", ") || "not all of it was received"} is left.`;
  }
  if (BigInt(stream.appliedOffset) < received)
    return `Shard ${name} had received up to offset ${received} and applied up to ${stream.appliedOffset}.`;
  if (stream.doubtfulKeys !== 0)
    return `Shard ${name} has keys that may have expired early and could not be copied again.`;
  return null;
}
