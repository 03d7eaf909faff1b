/**
 * The servers of the version matrix, and where they lie once scripts/fetch-servers.mjs has fetched them. No
 * dependencies.
 */
import { accessSync, constants, readFileSync } from "node:fs";
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
