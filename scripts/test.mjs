/**
 * `npm test [-- <files or options of vitest>]`: installs what is missing, builds, runs every test, and ends with
 * a line alone: `N passed, N failed`. `--fuzz` runs the tests that fuzz, FUZZ_RUNS (100,000) inputs each; `--soak` a
 * cluster under traffic with random faults for SOAK_SECONDS (600). TEST_SEED repeats a run of either.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  chromium,
  ensureBuild,
  ensureNode,
  ensurePackages,
  ensureServerBuild,
  ensureTools,
  nutcracker,
  promtool,
  redisServer,
  root,
} from "./install-missing.mjs";

const args = process.argv.slice(2);
const soak = { args: ["test/soak"], environment: { SOAK_SECONDS: process.env.SOAK_SECONDS ?? "600" } };
const fuzz = {
  // MiB of strings and objects that may be alive at any moment, the test's own modules included (about 60).
  args: ["test/fuzz", "--execArgv=--max-old-space-size=160"],
  environment: { FUZZ_RUNS: process.env.FUZZ_RUNS ?? "100000" },
};
const longer = args.includes("--soak") ? soak : args.includes("--fuzz") ? fuzz : null;
const folder = mkdtempSync(join(tmpdir(), "tributary-test-report-"));
try {
  ensureNode();
  ensurePackages();
  ensureTools(longer === null ? [redisServer, nutcracker, chromium, promtool] : [redisServer, nutcracker]);
  if (longer === null) ensureBuild();
  if (longer === soak) ensureServerBuild();
  end(longer === null ? run(args, {}) : run(longer.args, longer.environment));
} catch (error) {
  console.error(error.message);
  end({ passed: 0, failed: 1, skipped: 0 });
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** The last line; a run that ran nothing has not passed. */
function end({ passed, failed, skipped }) {
  console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}

function run(vitestArgs, environment) {
  const report = join(folder, "report.json");
  const { status } = spawnSync(
    process.execPath,
    [
      join(root, "node_modules", "vitest", "vitest.mjs"),
      "run",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${report}`,
      ...vitestArgs,
    ],
    {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1", ...environment },
    },
  );
  return count(report, status);
}

function count(report, status) {
  let result;
  try {
    result = JSON.parse(readFileSync(report, "utf8"));
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const passed = result.numPassedTests;
  const skipped = result.numPendingTests + result.numTodoTests;
  // A file that could not be read, or whose hooks failed, fails without a failed test.
  const broken = result.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed"),
  ).length;
  const failed = result.numFailedTests + broken;
  // Errors outside of any test make vitest fail too.
  return { passed, failed: failed === 0 && status !== 0 ? 1 : failed, skipped };
}
