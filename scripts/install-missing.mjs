/**
 * What a bare machine lacks for the commands of package.json: npm packages, Debian packages, the build. No
 * dependencies: it runs before `npm ci`, on every Node from 20.19.
 */
import { spawnSync } from "node:child_process";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { delimiter, join } from "node:path";

export const root = join(import.meta.dirname, "..");

/** Something is missing that cannot be installed from here; the message holds the command. */
export class Missing extends Error {}

export function ensureNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new Missing(
    `Node ${process.versions.node} is too old: install Node 20.19 or later (24 is recommended).`,
  );
}

/** Runs `npm ci` where node_modules is missing or is not what package-lock.json says. */
export function ensurePackages() {
  if (!packagesAreInstalled()) {
    console.log("installing the npm packages (npm ci) …");
    // A machine may be set to leave out the development packages; building and testing needs them.
    const args = ["ci", "--include=dev", "--include=optional", "--no-audit", "--no-fund"];
    if (!npm(args) && !(ensureCompiler() && npm(args))) {
      throw new Missing(
        `npm ci failed. better-sqlite3 compiles where its binary cannot be downloaded; it needs: ${aptCommand(compiler)}`,
      );
    }
  }
  ensureSqlite();
}

function npm(args) {
  return spawnSync("npm", args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] }).status === 0;
}

function packagesAreInstalled() {
  const wanted = packagesOf(join(root, "package-lock.json"));
  // npm's own note of what it has put there.
  const there = packagesOf(join(root, "node_modules", ".package-lock.json"));
  if (wanted === null || there === null) return false;
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === "" || optional === true || there[path]?.version === version,
  );
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return null;
  }
}

/** A native module serves the Node that it was made for: after a change of Node it is made again. */
function ensureSqlite() {
  const loads = () =>
    spawnSync(process.execPath, ["-e", "new (require('better-sqlite3'))(':memory:').close()"], { cwd: root })
      .status === 0;
  if (loads()) return;
  console.log(`making better-sqlite3 for Node ${process.versions.node} …`);
  const made = () => npm(["rebuild", "better-sqlite3"]) && loads();
  if (!made() && !(ensureCompiler() && made())) {
    throw new Missing(`better-sqlite3 cannot be compiled. It needs: ${aptCommand(compiler)}`);
  }
}

const compiler = ["g++", "make", "python3"];

/** True where the compiler was missing and is there now. */
function ensureCompiler() {
  const missing = compiler.filter((name) => findProgram([name]) === null);
  if (missing.length === 0) return false;
  installDebianPackages(missing);
  return true;
}

/** Programs that tests and the demo start, with the Debian package of each. */
export const redisServer = { programs: ["redis-server"], debianPackage: "redis-server" };
export const nutcracker = { programs: ["nutcracker"], debianPackage: "nutcracker" };
export const chromium = { programs: ["chromium"], debianPackage: "chromium" };
/** Prometheus's own check of metrics and rules. */
export const promtool = { programs: ["promtool"], debianPackage: "prometheus" };

/** Installs the tools that are not there. @throws Missing with the command where it may not. */
export function ensureTools(tools) {
  const missing = tools.filter(({ programs }) => findProgram(programs) === null);
  if (missing.length === 0) return;
  installDebianPackages(missing.map(({ debianPackage }) => debianPackage));
  const still = missing.filter(({ programs }) => findProgram(programs) === null);
  if (still.length === 0) return;
  throw new Missing(
    `${still.map(({ programs }) => programs[0]).join(", ")} cannot be found after the installation.`,
  );
}

export function findProgram(names) {
  // Debian installs daemons where the PATH of an ordinary user does not look.
  const folders = [
    ...(process.env.PATH ?? "").split(delimiter),
    "/usr/sbin",
    "/usr/local/sbin",
    "/usr/local/bin",
  ];
  for (const folder of folders.filter((name) => name !== "")) {
    for (const name of names) {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return join(folder, name);
      } catch {
        // Not in this folder.
      }
    }
  }
  return null;
}

function aptCommand(packages) {
  return `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages.join(" ")}`;
}

/**
 * Installs through apt without starting the services that the packages bring: the demo and the tests start
 * servers of their own, and a Redis of the distribution's that starts by itself would be a surprise.
 */
function installDebianPackages(packages) {
  const command = aptCommand(packages);
  if (findProgram(["apt-get"]) === null) {
    throw new Missing(`These are missing: ${packages.join(", ")}. On Debian or Ubuntu: ${command}`);
  }
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && spawnSync("sudo", ["-n", "true"], { stdio: "ignore" }).status !== 0) {
    throw new Missing(`These are missing: ${packages.join(", ")}. Install them: ${command}`);
  }
  console.log(`installing ${packages.join(", ")} through apt …`);
  const [program, ...args] = isRoot ? ["sh"] : ["sudo", "-n", "sh"];
  const done = spawnSync(program, [...args, "-s", "--", ...packages], {
    input: installScript,
    stdio: ["pipe", "inherit", "inherit"],
  });
  if (done.status !== 0) throw new Missing(`apt-get failed. Try it by hand: ${command}`);
}

/** `policy-rc.d` that exits with 101 is Debian's way to forbid the start of services while packages install. */
const installScript = `
set -e
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\\nexit 101\\n' > "$policy"
  chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
  trap 'exit 1' INT TERM HUP
fi
apt-get update -q || true
apt-get install -q -y --no-install-recommends "$@" < /dev/null
# Nor shall they start with the next boot.
if [ -d /run/systemd/system ]; then
  for service in "$@"; do
    systemctl disable "$service.service" > /dev/null 2>&1 || true
  done
fi
`;

const sources = ["app", "components", "db", "server", "public"];
const settings = [
  "package-lock.json",
  "next.config.js",
  "postcss.config.mjs",
  "tsconfig.json",
  "tsconfig.server.json",
];

/** Runs `npm run build` where a source is newer than the last one. */
export function ensureBuild() {
  const stamp = join(root, "node_modules", ".cache", "tributary-built");
  const built =
    existsSync(join(root, ".next", "BUILD_ID")) && existsSync(join(root, "dist")) ? timeOf(stamp) : 0;
  const newest = Math.max(
    ...settings.map((file) => timeOf(join(root, file))),
    ...sources.map((folder) => newestIn(join(root, folder))),
  );
  if (newest < built) return;
  console.log("building …");
  const began = new Date();
  const { status } = spawnSync("npm", ["run", "--silent", "build"], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1" },
  });
  if (status !== 0) throw new Error("npm run build failed");
  mkdirSync(join(root, "node_modules", ".cache"), { recursive: true });
  writeFileSync(stamp, "");
  // What changed while it was built is not in it.
  utimesSync(stamp, began, began);
}

/** Compiles the engine alone (for `npm run sync`), where its source is newer than what was compiled last. */
export function ensureServerBuild() {
  const stamp = join(root, "node_modules", ".cache", "tributary-server-built");
  const built = existsSync(join(root, "dist", "server")) ? timeOf(stamp) : 0;
  const newest = Math.max(
    ...["tsconfig.json", "tsconfig.server.json"].map((file) => timeOf(join(root, file))),
    ...["db", "server"].map((folder) => newestIn(join(root, folder))),
  );
  if (newest < built) return;
  const began = new Date();
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const { status } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.server.json"], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (status !== 0) throw new Error("the engine does not compile");
  mkdirSync(join(root, "node_modules", ".cache"), { recursive: true });
  writeFileSync(stamp, "");
  utimesSync(stamp, began, began);
}

function timeOf(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function newestIn(folder) {
  if (!existsSync(folder)) return 0;
  let newest = timeOf(folder);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    newest = Math.max(newest, timeOf(join(entry.parentPath, entry.name)));
  }
  return newest;
}

/**
 * What the commands of the engine begin with: installs what is missing, compiles the engine where its source is newer
 * than the build, and runs `name` of server/cli in this process.
 * @param failed the exit code where that cannot be done.
 */
export async function runCommand(name, failed) {
  try {
    ensureNode();
    ensurePackages();
    ensureServerBuild();
  } catch (error) {
    console.error(error.message);
    process.exit(failed);
  }
  await import(`../dist/server/cli/${name}.js`);
}
