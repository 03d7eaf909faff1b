import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { mergeSpecOf } from "../control/plan/task-ring.ts";
import { TributaryError, toReason } from "../errors/tributary-error.ts";
import type { Verdict } from "../verify/verdict.ts";
import { verdictJson, verdictLines } from "../verify/verdict-text.ts";
import { Verification } from "../verify/verification.ts";
import type { VerifySpec } from "../verify/verify-spec.ts";
import { type VerifyArguments, verifyArguments, verifyUsage } from "./verify-arguments.ts";
import { VerifyDisplay } from "./verify-display.ts";
import { repairByRunning, repairExitCode, repairJson } from "./verify-repair.ts";

// `npm run verify`: exit 0 equal, 1 different, 2 could not tell.
const exitCodes: Record<Verdict["outcome"], number> = { equal: 0, different: 1, unknown: 2 };

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stop.abort());

async function main(): Promise<number> {
  try {
    const options = verifyArguments(process.argv.slice(2));
    if (options === null) {
      process.stdout.write(`${verifyUsage}\n`);
      return 0;
    }
    const verification = verificationOf(options);
    const verdict = await run(verification, options);
    const { json, list, repair } = options;
    const chosen = verification.named.filter(({ kind }) => repair.some((one) => one === kind));
    const repaired =
      chosen.length === 0
        ? null
        : await repairByRunning(specOf(options), chosen, {
            patienceMs: options.patienceMs,
            signal: stop.signal,
          });
    const text = json
      ? JSON.stringify(
          { ...verdictJson(verdict), ...(repaired && { repair: repairJson(repaired) }) },
          null,
          2,
        )
      : [
          ...verdictLines(verdict, list),
          ...(repaired === null ? [] : ["", `Repair: ${repaired.sentence}`]),
        ].join("\n");
    process.stdout.write(`${text}\n`);
    // What was not chosen differs still.
    const rest = verdict.differences > chosen.length ? exitCodes.different : 0;
    return repaired === null ? exitCodes[verdict.outcome] : Math.max(rest, repairExitCode(repaired));
  } catch (error) {
    if (stop.signal.aborted) process.stderr.write("canceled\n");
    else complain(error);
    return exitCodes.unknown;
  }
}

function specOf({ plan, taskId, depth, range, replicas }: VerifyArguments): VerifySpec {
  return {
    taskId,
    shards: plan.shards.map((shard) => ({
      shardId: shard.id,
      shardName: shard.name,
      source: shard.endpoint,
      alternatives: shard.alternatives,
      sentinel: shard.sentinel,
    })),
    destination: plan.destination,
    databases: plan.databases,
    merge: mergeSpecOf(plan),
    checkpointDb: plan.checkpointDb,
    depth,
    range,
    replicas,
    directory: resolve(process.env.TRIBUTARY_DATA_DIR ?? "data", join("verify", `${taskId}-${process.pid}`)),
  };
}

function verificationOf(options: VerifyArguments): Verification {
  const { pace, patienceMs } = options;
  return new Verification(specOf(options), { pace, limits: { patienceMs }, signal: stop.signal });
}

async function run(verification: Verification, options: VerifyArguments): Promise<Verdict> {
  const display = new VerifyDisplay(process.stderr, () => verification.progress);
  try {
    return await verification.run();
  } finally {
    display.close();
    await rm(specOf(options).directory, { recursive: true, force: true });
  }
}

function complain(error: unknown): void {
  const reason = toReason(error);
  const remedy = error instanceof TributaryError ? `${reason.remedy}\n` : "";
  process.stderr.write(`Could not tell: ${reason.message}\n${remedy}`);
}

process.exitCode = await main();
