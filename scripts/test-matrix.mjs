/**
 * `npm run test:matrix [-- [--part] [--given] <options of vitest>]`: fetches the servers of the version matrix, copies from
 * each to each, runs the scripts and the rewritten commands of a real Redis 6.0 and each server's commands one by one, and
 * writes docs/compatibility.md when all has passed. With `--part`, as in `--part -t "6.0. to"`, some of the pairs will do, and
 * the document stays as it is. With `--given` nothing is fetched: the servers are run that somebody has put into
 * TRIBUTARY_SERVERS, each as `<name>/server`, and the document's section of older servers is written.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compatibilityText, withOlderServers } from "./compatibility-text.mjs";
import { fetchServers } from "./fetch-servers.mjs";
import { ensureNode, ensurePackages, Missing, root } from "./install-missing.mjs";
import { fetchedServer, givenServers, isTried, wantedServers } from "./server-versions.mjs";

const options = process.argv.slice(2).filter((option) => option !== "--part" && option !== "--given");
const onlyGiven = process.argv.includes("--given");
const part = process.argv.includes("--part");
/** Beside the pairs, what is looked at without harm, and what needs a real Redis 6.0 to prove anything of it. */
const tests = [
  "test/matrix",
  "test/precheck/harmless.redis.test.ts",
  ...(onlyGiven ? [] : ["scripting/scripts", "commands/command-downgrade"]).map(
    (name) => `test/sync/${name}.redis.test.ts`,
  ),
];
/** With each server as the destination of an old master's scripts; and, from 6.0 on, command by command to another such. */
const each = [
  "test/sync/scripting/script-prelude.redis.test.ts",
  ...(onlyGiven ? [] : ["test/sync/commands/commands.redis.test.ts"]),
];
const results = mkdtempSync(join(tmpdir(), "tributary-matrix-"));
try {
  ensureNode();
  ensurePackages();
  if (!onlyGiven) fetchServers();
  const servers = onlyGiven
    ? givenServers()
    : wantedServers.map((one) => ({ ...one, ...fetchedServer(one.id) }));
  const alone = part ? [] : servers;
  const status =
    run([...tests, ...options], { TEST_MATRIX: results, ...(onlyGiven ? { TEST_MATRIX_GIVEN: "1" } : {}) }) ||
    alone.map(({ binary }) => run(each, { TEST_REDIS_SERVER: binary })).find(Boolean);
  const pairs = readdirSync(results).map((name) => JSON.parse(readFileSync(join(results, name), "utf8")));
  const wanted = servers.flatMap((from) => servers.filter((to) => isTried(from.title, to.title))).length;
  if (status) {
    process.exitCode = 1;
  } else if (pairs.length < wanted) {
    const ran = `${pairs.length} of ${wanted} pairs were run: docs/compatibility.md stays as it is`;
    console.log(part ? ran : `${ran}. --part says that this is meant.`);
    if (!part || pairs.length === 0) process.exitCode = 1;
  } else {
    const path = join(root, "docs", "compatibility.md");
    const before = readFileSync(path, "utf8");
    writeFileSync(path, onlyGiven ? withOlderServers(before, pairs) : compatibilityText(pairs, before));
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
