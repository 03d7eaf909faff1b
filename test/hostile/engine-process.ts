import { checkInThread } from "../../server/control/checks/check-thread.ts";
import { WorkerPool } from "../../server/control/engine/worker-pool.ts";
import type { PrecheckInput } from "../../server/precheck/precheck-input.ts";
import type { ShardSyncSpec } from "../../server/sync/spec/shard-sync-spec.ts";
import { HeldUp } from "./held-up.ts";

/** What the engine of a test is told, each with an id for its answer. */
export type EngineOrder =
  | { readonly id: number; readonly check: PrecheckInput }
  | { readonly id: number; readonly start: ShardSyncSpec }
  | { readonly id: number; readonly stop: { readonly taskId: string; readonly shardId: string } }
  | { readonly id: number; readonly memory: true };

export type EngineSays =
  | { readonly id: number; readonly answer: unknown }
  | {
      readonly taskId: string;
      readonly status: string;
      readonly code: string | null;
      readonly lagSeconds: number | null;
      /** By which the machine has held up a thread of this process, in the last seconds. */
      readonly heldUpSeconds: number;
      readonly events: number;
      readonly longest: number;
    }
  | { readonly died: string };

// The engine as the server runs it, in a process of its own, which an uncaught error ends.
const say = (said: EngineSays) => process.send?.(said);
const heldUp = new HeldUp();
const pool = new WorkerPool({
  size: 2,
  onReport: (report) =>
    say({
      taskId: report.taskId,
      status: report.status,
      code: report.reason?.code ?? null,
      lagSeconds: report.lag.seconds,
      heldUpSeconds: heldUp.seconds,
      events: report.events.length,
      longest: JSON.stringify(report).length,
    }),
  onEnded: () => {},
  onWorkerDied: (taskId, _, reason) => say({ died: `${taskId}: ${reason.message}` }),
});

async function obey(order: EngineOrder): Promise<unknown> {
  if ("check" in order) {
    const report = await checkInThread(order.check);
    return report.checks
      .filter(({ level }) => level !== "ok")
      .map(({ code, message }) => ({ code, message }));
  }
  if ("start" in order) return pool.start(order.start);
  if ("stop" in order) {
    return await pool.stop(order.stop.taskId, order.stop.shardId, { forgetCheckpoint: false });
  }
  return process.memoryUsage().rss;
}

process.on("message", (order: EngineOrder) => {
  obey(order).then(
    (answer) => say({ id: order.id, answer: answer ?? null }),
    (error: unknown) =>
      say({ id: order.id, answer: `failed: ${error instanceof Error ? error.message : error}` }),
  );
});
process.on("disconnect", () => process.exit(0));
