/**
 * `npm run test:matrix [-- <options of vitest>]`: fetches the servers of the version matrix, copies from each to
 * each, and writes docs/compatibility.md when every pair has passed.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compatibilityText } from "./compatibility-text.mjs";
import { fetchServers } from "./fetch-servers.mjs";
import { ensureNode, ensurePackages, Missing, root } from "./install-missing.mjs";
import { wantedServers } from "./server-versions.mjs";

const results = mkdtempSync(join(tmpdir(), "tributary-matrix-"));
try {
  ensureNode();
  ensurePackages();
  fetchServers();
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const { status } = spawnSync(process.execPath, [vitest, "run", "test/matrix", ...process.argv.slice(2)], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, TEST_MATRIX: results },
  });
  const pairs = readdirSync(results).map((name) => JSON.parse(readFileSync(join(results, name), "utf8")));
  const wanted = wantedServers.length ** 2;
  if (status !== 0) {
    process.exitCode = 1;
  } else if (pairs.length < wanted) {
    console.log(`${pairs.length} of ${wanted} pairs were run: docs/compatibility.md stays as it is`);
  } else {
    writeFileSync(join(root, "docs", "compatibility.md"), compatibilityText(pairs));
    console.log(`${pairs.length} pairs of servers passed; docs/compatibility.md holds the table`);
  }
} catch (error) {
  if (!(error instanceof Missing)) throw error;
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(results, { recursive: true, force: true });
}
