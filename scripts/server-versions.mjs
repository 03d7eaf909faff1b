/**
 * The servers of the version matrix, and where they lie once scripts/fetch-servers.mjs has fetched them. No
 * dependencies.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * What Debian calls the package, and the first suite is where it is looked for; the others have what it needs.
 * sid moves on: what it has now is what is run.
 */
export const wantedServers = [
  { id: "redis-6.0", title: "Redis 6.0", packageName: "redis-server", suites: ["bullseye"] },
  { id: "redis-7.0", title: "Redis 7.0", packageName: "redis-server", suites: ["bookworm"] },
  { id: "redis-8.0", title: "Redis 8.0", packageName: "redis-server", suites: ["trixie"] },
  {
    id: "valkey-8.0",
    title: "Valkey 8.0",
    packageName: "valkey-server",
    suites: ["bookworm-backports", "bookworm"],
  },
  { id: "valkey-8.1", title: "Valkey 8.1", packageName: "valkey-server", suites: ["trixie"] },
  { id: "valkey-9.1", title: "Valkey 9.1", packageName: "valkey-server", suites: ["sid"] },
];

/** TRIBUTARY_SERVERS, or `tributary/servers` in the user's cache. */
export function serversFolder() {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  return process.env.TRIBUTARY_SERVERS || join(cache, "tributary", "servers");
}

/**
 * A fetched server: `binary` starts it (a script that becomes the server, so that signals reach it), `version`
 * is the whole version that `--version` gave. Null where it has not been fetched whole.
 */
export function fetchedServer(id) {
  const folder = join(serversFolder(), id);
  const binary = join(folder, "server");
  try {
    accessSync(binary, constants.X_OK);
    return { binary, ...JSON.parse(readFileSync(join(folder, "fetched.json"), "utf8")) };
  } catch {
    return null;
  }
}

/**
 * Servers that somebody has put into that folder, each as `<id>/server`, a program that is Redis or Valkey: as those that
 * Debian does not have any more. In the order of their versions.
 */
export function givenServers() {
  const wanted = new Set(wantedServers.map(({ id }) => id));
  const found = [];
  for (const id of readdirSync(serversFolder())) {
    const binary = join(serversFolder(), id, "server");
    if (wanted.has(id) || !isExecutable(binary)) continue;
    const said = spawnSync(binary, ["--version"], { encoding: "utf8", timeout: 60_000 }).stdout ?? "";
    const [, name, version] = /^(Redis|Valkey) server v=(\d+\.\d+\.\d+)/.exec(said) ?? [];
    if (version === undefined) continue;
    const title = `${name} ${version.split(".").slice(0, 2).join(".")}`;
    found.push({ id, title, packageName: `${name.toLowerCase()}-server`, binary, version });
  }
  return found.sort((a, b) => (a.title < b.title ? -1 : 1));
}

/**
 * Whether the pair belongs to the matrix. Before Redis 6.0 a destination is tried with what is not newer than it: the
 * checks of a task warn of any other.
 * @param title as "Redis 6.0".
 */
export function isTried(source, destination) {
  const release = (title) => Number(/(\d+)\.(\d+)$/.exec(title)[1]) * 100 + Number(/\.(\d+)$/.exec(title)[1]);
  return release(destination) >= 600 || release(source) <= release(destination);
}

function isExecutable(binary) {
  try {
    accessSync(binary, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
