/**
 * `npm run test:matrix [-- [--part] <options of vitest>]`: fetches the servers of the version matrix, copies from each
 * to each, runs the scripts and the rewritten commands of a real Redis 6.0 and each server's commands one by one, and
 * writes docs/compatibility.md when all has passed. With `--part`, as in `--part -t "6.0. to"`, some of the pairs will do, and
 * the document stays as it is.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compatibilityText } from "./compatibility-text.mjs";
import { fetchServers } from "./fetch-servers.mjs";
import { ensureNode, ensurePackages, Missing, root } from "./install-missing.mjs";
import { fetchedServer, wantedServers } from "./server-versions.mjs";

const options = process.argv.slice(2).filter((option) => option !== "--part");
const part = process.argv.includes("--part");
/** Beside the pairs, what needs a real Redis 6.0 to prove anything of it. */
const tests = [
  "test/matrix",
  ...["scripts", "command-downgrade"].map((name) => `test/sync/${name}.redis.test.ts`),
];
/** Command by command, from a server to another of the same version. */
const commands = "test/sync/commands.redis.test.ts";
const results = mkdtempSync(join(tmpdir(), "tributary-matrix-"));
try {
  ensureNode();
  ensurePackages();
  fetchServers();
  const servers = part ? [] : wantedServers;
  const status =
    run([...tests, ...options], { TEST_MATRIX: results }) ||
    servers.map(({ id }) => run([commands], { TEST_REDIS_SERVER: fetchedServer(id).binary })).find(Boolean);
  const pairs = readdirSync(results).map((name) => JSON.parse(readFileSync(join(results, name), "utf8")));
  const wanted = wantedServers.length ** 2;
  if (status) {
    process.exitCode = 1;
  } else if (pairs.length < wanted) {
    const ran = `${pairs.length} of ${wanted} pairs were run: docs/compatibility.md stays as it is`;
    console.log(part ? ran : `${ran}. --part says that this is meant.`);
    if (!part || pairs.length === 0) process.exitCode = 1;
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

/** @returns 0 when all have passed. */
function run(tests, environment) {
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const { status } = spawnSync(process.execPath, [vitest, "run", ...tests], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ...environment },
  });
  return status ?? 1;
}
