/**
 * Fetches the servers of the version matrix from Debian's archives, each with the libraries it was built for,
 * into a folder of the user's cache (TRIBUTARY_SERVERS). Nothing is installed. What is there already is left as it
 * is; `--refresh` fetches all of it anew.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { DebianArchive, machineMirror } from "./debian-archive.mjs";
import { Missing } from "./install-missing.mjs";
import { fetchedServer, serversFolder, wantedServers } from "./server-versions.mjs";

/** Fetches what is not there. @throws Missing with what, where and how to fix it. */
export function fetchServers({ refresh = false } = {}) {
  const missing = wantedServers.filter(({ id }) => refresh || fetchedServer(id) === null);
  if (missing.length === 0) return;
  const mirror = machineMirror();
  mkdirSync(serversFolder(), { recursive: true });
  const work = mkdtempSync(join(serversFolder(), ".fetching-"));
  try {
    const archives = new Map();
    for (const server of missing) {
      const { id, packageName, suites } = server;
      const archive = archives.get(suites[0]) ?? openArchive(join(work, suites[0]), suites, mirror);
      archives.set(suites[0], archive);
      console.log(`fetching ${id} (${packageName} ${archive.candidate(packageName)} of ${suites[0]}) …`);
      unpack(server, archive, join(work, id));
      rmSync(join(serversFolder(), id), { recursive: true, force: true });
      renameSync(join(work, id), join(serversFolder(), id));
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function openArchive(folder, suites, mirror) {
  const archive = new DebianArchive(folder, suites, mirror);
  archive.update();
  return archive;
}

/** Unpacks a server into `folder`, with a script that starts it, and tries it. */
function unpack({ id, packageName }, archive, folder) {
  const files = archive.download(packageName, join(folder, "packages"));
  const root = join(folder, "root");
  mkdirSync(root);
  for (const file of files) run("dpkg-deb", ["-x", file, root]);
  rmSync(join(folder, "packages"), { recursive: true });

  const libraries = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter(({ name }) => /\.so(\.|$)/.test(name))
    .map(({ parentPath }) => parentPath.slice(root.length + 1));
  const loader = loaderIn(root);
  const here = 'here=$(dirname "$(readlink -f "$0")")/root';
  const path = [...new Set(libraries)].map((one) => `$here/${one}`).join(":");
  const start = `exec "$here/${loader}" --library-path "${path}" "$here/usr/bin/${packageName}" "$@"`;
  const script = join(folder, "server");
  writeFileSync(script, `#!/bin/sh\n${here}\n${start}\n`);
  chmodSync(script, 0o755);

  const version = /\bv=(\S+)/.exec(run(script, ["--version"]))?.[1];
  if (version === undefined) throw new Missing(`${id} was unpacked and does not say its version.`);
  const tried = { version, package: packageName };
  writeFileSync(join(folder, "fetched.json"), `${JSON.stringify(tried, null, 2)}\n`);
}

/** The dynamic loader of the unpacked libc: a file, since links in a package may point at the machine's own. */
function loaderIn(root) {
  const found = readdirSync(root, { recursive: true, withFileTypes: true }).find(
    (entry) => entry.isFile() && /^ld-(linux.*\.so\.\d|\d.*\.so)$/.test(entry.name),
  );
  if (found === undefined) throw new Missing("The libc that was fetched has no dynamic loader.");
  return join(found.parentPath, found.name).slice(root.length + 1);
}

function run(program, args) {
  const done = spawnSync(program, args, { encoding: "utf8", timeout: 60_000 });
  if (done.status === 0) return done.stdout;
  const why = done.error?.message ?? (done.stderr.trim() || `exit code ${done.status}`);
  throw new Missing(`${program} ${args[0]} failed: ${why.slice(0, 500)}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  try {
    fetchServers({ refresh: process.argv.includes("--refresh") });
    for (const { id } of wantedServers) {
      const { binary, version } = fetchedServer(id);
      console.log(`${id}: ${version}  ${binary}`);
    }
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
