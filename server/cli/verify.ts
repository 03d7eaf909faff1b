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
import { couldNotTell, verifyExitCode } from "./verify-exit-code.ts";
import { repairByRunning, repairJson } from "./verify-repair.ts";

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
    return verifyExitCode(verdict, repaired?.keys ?? null);
  } catch (error) {
    complain(error);
    return couldNotTell;
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

/** Says why there is no verdict; with --json to a program as well. */
function complain(error: unknown): void {
  const reason = stop.signal.aborted ? null : toReason(error);
  const sentence = reason === null ? "Could not tell: it was canceled." : `Could not tell: ${reason.message}`;
  const remedy = reason !== null && error instanceof TributaryError ? `${reason.remedy}\n` : "";
  process.stderr.write(`${sentence}\n${remedy}`);
  if (process.argv.includes("--json"))
    process.stdout.write(`${JSON.stringify({ outcome: "unknown", sentence, reason }, null, 2)}\n`);
}

process.exitCode = await main();
