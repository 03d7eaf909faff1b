import { join, resolve } from "node:path";
import { checkInThread } from "../control/checks/check-thread.ts";
import { reasonAgainst } from "../control/checks/precheck-verdict.ts";
import { WorkerPool } from "../control/engine/worker-pool.ts";
import { precheckInput } from "../control/plan/precheck-questions.ts";
import { readOnce } from "../control/plan/read-once.ts";
import type { TaskPlan } from "../control/plan/task-plan.ts";
import { mergeSpecOf } from "../control/plan/task-ring.ts";
import { shownText } from "../errors/shown-text.ts";
import type { ShardSyncSpec } from "../sync/spec/shard-sync-spec.ts";
import { exitCodes } from "./exit-codes.ts";
import { ProgressDisplay } from "./progress-display.ts";
import { ShardFollower, type ShardSummaryLine } from "./shard-summary.ts";
import type { SyncArguments } from "./sync-arguments.ts";

const SPOOL_QUOTA = 8 * 1024 ** 3;
/** ms: each report that meets `--until` is looked at this often. */
const LOOK_MS = 50;

/**
 * Runs the shard syncs until they are told to end, have ended by themselves, or (with --until) have caught up.
 * @returns the exit code: 0 only where the destination is what the shards are.
 */
export async function runSync(options: SyncArguments, stop: AbortSignal): Promise<number> {
  const { taskId } = options;
  const log = options.json ? process.stderr : process.stdout;
  const plan = options.skipChecks ? options.plan : await checked(options, log, stop);
  if (plan === null) return exitCodes.refused;
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
  for (const spec of specsOf(options, plan)) pool.start(spec);
  const caughtUp = () =>
    options.untilSynchronizing && [...followers.values()].every((shard) => shard.caughtUp);
  // Nobody can be asked here: the next run says what is to be done.
  const mustDecide = () =>
    options.untilSynchronizing &&
    [...followers.values()].every((shard) => shard.caughtUp || shard.mustDecide) &&
    [...followers.values()].some((shard) => shard.mustDecide);
  // The event loop is held open by the workers; this only looks at what they have said.
  while (!stop.aborted && running.size > 0 && !caughtUp() && !mustDecide())
    await new Promise((wake) => setTimeout(wake, LOOK_MS));
  const seconds = (Date.now() - startedAt) / 1000;
  // What they are stopped for is asked before: a stop changes what they report.
  const held = [...followers.values()].filter((shard) => shard.mustDecide);
  const failed = [...followers.values()].some(({ latest }) => latest?.status === "failed");
  // Nobody waits at the keyboard for an end that the run has come to by itself.
  const patient = !stop.aborted;
  const stopped = await Promise.all(
    [...running].map((shardId) => pool.stop(taskId, shardId, { forgetCheckpoint: false, patient })),
  );
  await pool.close();
  display.close();
  for (const follower of followers.values())
    for (const line of lastWords(follower, held.includes(follower))) log.write(`${line}\n`);
  const summary = {
    taskId,
    seconds,
    shards: [...followers.values()].map((shard) => shard.summary()),
    // kB on Linux and macOS alike (libuv).
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    cpuSeconds: (process.cpuUsage().user + process.cpuUsage().system) / 1e6,
  };
  if (options.json) process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
  const reports = [...followers.values()].map((shard) => shard.latest);
  if (reports.some((report) => report?.reason?.code === "DESTINATION_HOLDS_KEYS")) return exitCodes.refused;
  if (failed) return exitCodes.failed;
  if (held.length > 0) return exitCodes.held;
  if (stopped.some(({ drained }) => !drained)) return exitCodes.incomplete;
  return exitCodeOf(summary.shards);
}

/** Makes the checks and says what they found. @returns null where they refuse the run. */
async function checked(
  { plan, taskId }: SyncArguments,
  log: NodeJS.WritableStream,
  stop: AbortSignal,
): Promise<TaskPlan | null> {
  const report = await checkInThread({ ...precheckInput(plan, taskId), signal: stop });
  for (const check of report.checks) {
    if (check.level === "ok") continue;
    const remedy = check.remedy === null ? "" : ` ${check.remedy}`;
    log.write(`${check.level}: ${check.subject}, ${check.title.toLowerCase()}: ${check.message}${remedy}\n`);
  }
  return reasonAgainst(report, false) === null ? readOnce(plan, report) : null;
}

function specsOf({ taskId, spoolDirectory }: SyncArguments, plan: TaskPlan): ShardSyncSpec[] {
  const spool = spoolDirectory ?? join(process.env.TRIBUTARY_DATA_DIR ?? "data", "spool-sync");
  const shards = plan.shards.map((shard) => ({
    shardId: shard.id,
    shardName: shard.name,
    source: shard.endpoint,
    alternatives: shard.alternatives,
    sentinel: shard.sentinel,
    spoolDirectory: resolve(spool, taskId, shard.id),
  }));
  return shards.map((shard, shardIndex) => ({
    taskId,
    taskName: taskId,
    ...shard,
    shardIndex,
    siblings: shards.filter((other) => other !== shard),
    destination: plan.destination,
    databases: plan.databases,
    merge: mergeSpecOf(plan),
    checkpointDb: plan.checkpointDb,
    heartbeatDb: plan.heartbeatDb,
    publish: plan.publish,
    onDestinationDataLost: plan.onDestinationDataLost,
    shrink: plan.shrink,
    destinationKeys: plan.destinationKeys,
    onFlush: plan.onFlush,
    expectCheckpoint: false,
    spoolQuotaBytes: SPOOL_QUOTA,
  }));
}

/** What is said of a shard once it has ended. */
function lastWords({ name, scripts, latest }: ShardFollower, isHeld: boolean): string[] {
  const ran = `${name}: scripts ran ${scripts.ran} times on the destination, and failed ${scripts.failed} times`;
  const held = `${name}: held; run it again with --on-shrink follow to remove what the shard has lost, or --on-shrink keep to go on without`;
  const causes = latest?.differs?.causes ?? [];
  return [
    ...(scripts.ran + scripts.failed > 0 ? [ran] : []),
    ...(isHeld ? [held] : []),
    ...causes.map(({ code, message, count }) => `${name}: differs (${code}, ${count}): ${message}`),
  ];
}

function exitCodeOf(shards: readonly ShardSummaryLine[]): number {
  if (shards.some(({ left }) => left !== null)) return exitCodes.incomplete;
  return shards.some(({ differs }) => differs !== null) ? exitCodes.differs : 0;
}
