/**
 * `npm run demo [-- --keep] [-- --once]`: a Twemproxy cluster under traffic, one Redis, and Tributary between
 * them. This file installs what is missing; scripts/demo/ does the rest.
 */
import {
  ensureBuild,
  ensureNode,
  ensurePackages,
  ensureTools,
  nutcracker,
  redisServer,
} from "./install-missing.mjs";

const usage = `npm run demo [-- options]

  --keep   keep the data in .demo, and go on with it when this option is given again
  --once   end when both shards are synchronizing and the destination equals them; the exit code says so
  --help   this text`;

const options = process.argv.slice(2);
const unknown = options.find((option) => !["--keep", "--once", "--help"].includes(option));
if (unknown !== undefined || options.includes("--help")) {
  if (unknown !== undefined) console.error(`unknown option ${unknown}\n`);
  console.log(usage);
  process.exit(unknown === undefined ? 0 : 2);
}

try {
  ensureNode();
  ensurePackages();
  ensureTools([redisServer, nutcracker]);
  ensureBuild();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}

const { register } = await import("tsx/esm/api");
register();
const { runDemo } = await import("./demo/run-demo.ts");
process.exit(await runDemo({ keep: options.includes("--keep"), once: options.includes("--once") }));
