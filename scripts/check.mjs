/**
 * `npm run check`: everything that can be said about the source without running it. The parts run two at a
 * time; each says one line, and the whole output where it fails.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ensureNode, ensurePackages, root } from "./install-missing.mjs";

ensureNode();
ensurePackages();

const bin = (name) => join(root, "node_modules", ".bin", name);
const parts = [
  ["types of the pages and tests", bin("tsc"), ["--noEmit", "-p", "tsconfig.json"]],
  ["types of the server", bin("tsc"), ["--noEmit", "-p", "tsconfig.server.json"]],
  ["unused code", bin("knip"), ["--no-progress"]],
  ["format and lint", bin("biome"), ["check", "--error-on-warnings", "--colors=off"]],
  ["imports and rooms", bin("tsx"), ["scripts/check-imports.ts"]],
  ["docs/errors.md", bin("tsx"), ["scripts/write-error-docs.ts", "--check"]],
];

let failed = 0;
const waiting = [...parts];
await Promise.all([worker(), worker()]);
if (failed > 0) {
  console.log(`${failed} of ${parts.length} checks failed`);
  process.exitCode = 1;
} else {
  console.log(`${parts.length} checks passed`);
}

async function worker() {
  for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) await run(...part);
}

async function run(title, command, args) {
  const began = performance.now();
  const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (data) => {
    output += data;
  });
  child.stderr.on("data", (data) => {
    output += data;
  });
  const code = await new Promise((resolve) => {
    child.once("close", resolve);
    child.once("error", (error) => {
      output += error.message;
      resolve(1);
    });
  });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${code === 0 ? "ok    " : "FAILED"} ${title} (${seconds} s)`);
  if (code === 0) return;
  failed++;
  console.log(output.trimEnd().replace(/^/gm, "    "));
}
