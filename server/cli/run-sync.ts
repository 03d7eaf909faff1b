import { join, resolve } from "node:path";
import { checkInThread } from "../control/check-thread.ts";
import { precheckInput, reasonAgainst } from "../control/precheck-verdict.ts";
import { WorkerPool } from "../control/worker-pool.ts";
import { shownText } from "../errors/shown-text.ts";
import type { ShardSyncSpec } from "../sync/shard-sync-spec.ts";
import { ProgressDisplay } from "./progress-display.ts";
import { ShardFollower } from "./shard-summary.ts";
import type { SyncArguments } from "./sync-arguments.ts";

const SPOOL_QUOTA = 8 * 1024 ** 3;
/** ms: each report that meets `--until` is looked at this often. */
const LOOK_MS = 50;

/**
 * Runs the shard syncs until they are told to end, have ended by themselves, or (with --until) have caught up.
 * @returns the exit code: 0 done or drained, 1 a shard failed, 3 a check stands against it.
 */
export async function runSync(options: SyncArguments, stop: AbortSignal): Promise<number> {
  const { plan, taskId } = options;
  const log = options.json ? process.stderr : process.stdout;
  if (!options.skipChecks) {
    const report = await checkInThread({ ...precheckInput(plan), signal: stop });
    for (const check of report.checks) {
      if (check.level === "ok") continue;
      const remedy = check.remedy === null ? "" : ` ${check.remedy}`;
      log.write(
        `${check.level}: ${check.subject}, ${check.title.toLowerCase()}: ${check.message}${remedy}\n`,
      );
    }
    if (reasonAgainst(report, false) !== null) return 3;
  }
  const startedAt = Date.now();
  const followers = new Map(
    plan.shards.map((shard) => [shard.id, new ShardFollower(shownText(shard.name), startedAt)]),
  );
  const display = new ProgressDisplay([...followers.values()], log);
  const running = new Set(followers.keys());
  const pool = new WorkerPool({
    onReport: (report) => {
      followers.get(report.shardId)?.accept(report);
      for (const event of report.events) {
        const name = followers.get(report.shardId)?.name ?? report.shardId;
        display.say(`${new Date(event.at).toISOString()}  ${name}  ${event.level}: ${event.message}`);
      }
    },
    onEnded: (_, shardId) => running.delete(shardId),
    onWorkerDied: (_, __, reason) => display.say(`warning: ${reason.message}`),
  });
  const spool = options.spoolDirectory ?? join(process.env.TRIBUTARY_DATA_DIR ?? "data", "spool-sync");
  const shards = plan.shards.map((shard) => ({
    shardId: shard.id,
    shardName: shard.name,
    source: shard.endpoint,
    alternatives: shard.alternatives,
    sentinel: shard.sentinel,
    spoolDirectory: resolve(spool, taskId, shard.id),
  }));
  for (const [shardIndex, shard] of shards.entries()) {
    const spec: ShardSyncSpec = {
      taskId,
      ...shard,
      shardIndex,
      siblings: shards.filter((other) => other !== shard),
      destination: plan.destination,
      databases: plan.databases,
      checkpointDb: plan.checkpointDb,
      heartbeatDb: plan.heartbeatDb,
      publish: plan.publish,
      onDestinationDataLost: plan.onDestinationDataLost,
      expectCheckpoint: false,
      spoolQuotaBytes: SPOOL_QUOTA,
    };
    pool.start(spec);
  }
  const caughtUp = () =>
    options.untilSynchronizing && [...followers.values()].every((shard) => shard.caughtUp);
  // The event loop is held open by the workers; this only looks at what they have said.
  while (!stop.aborted && running.size > 0 && !caughtUp())
    await new Promise((wake) => setTimeout(wake, LOOK_MS));
  const seconds = (Date.now() - startedAt) / 1000;
  const failed = [...followers.values()].some((shard) => shard.latest?.status === "failed");
  await Promise.all([...running].map((shardId) => pool.stop(taskId, shardId, { forgetCheckpoint: false })));
  await pool.close();
  display.close();
  for (const { name, scripts } of followers.values()) {
    if (scripts.ran + scripts.failed > 0)
      log.write(
        `${name}: scripts ran ${scripts.ran} times on the destination, and failed ${scripts.failed} times\n`,
      );
  }
  const summary = {
    taskId,
    seconds,
    shards: [...followers.values()].map((shard) => shard.summary()),
    // kB on Linux and macOS alike (libuv).
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    cpuSeconds: (process.cpuUsage().user + process.cpuUsage().system) / 1e6,
  };
  if (options.json) process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
  return failed ? 1 : 0;
}
