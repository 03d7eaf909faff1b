/**
 * Debian's other suites through the machine's own apt (its mirror, proxies, keys and settings), with lists and
 * downloads in a folder apart, so that neither the machine's lists nor its packages are touched. apt verifies
 * the signature of each suite and the checksum of each package. No dependencies.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram, Missing } from "./install-missing.mjs";

/** Seconds that apt waits for a server that says nothing, and for one command as a whole. */
const SILENCE = 30;
const PATIENCE = 600;

/** Some of a mirror's suites; `folder` keeps the lists. */
export class DebianArchive {
  #folder;
  #suites;

  constructor(folder, suites, mirror) {
    this.#folder = folder;
    this.#suites = suites;
    for (const name of ["lists/partial", "archives/partial"])
      mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, "status"), "");
    const lines = suites.map((suite) => `deb ${mirror.options}${mirror.uri} ${suite} main\n`);
    writeFileSync(join(folder, "sources.list"), lines.join(""));
  }

  /** Fetches the lists. @throws Missing with what apt said. */
  update() {
    // Without --error-on=any an unreachable mirror is a warning only.
    this.#apt("apt-get", ["--error-on=any", "update"], `read the lists of ${this.#suites.join(" and ")}`);
  }

  /** The package's version, e.g. 5:6.0.16-1+deb11u2, in the first of the suites that has it. */
  candidate(packageName) {
    const said = this.#apt("apt-cache", ["policy", packageName], `look for ${packageName}`);
    const version = /Candidate: (\S+)/.exec(said)?.[1];
    if (version !== undefined && version !== "(none)") return version;
    throw new Missing(`The mirror's ${this.#suites[0]} has no ${packageName}.`);
  }

  /** Downloads the package with all it depends on that a server needs to run, and returns the .deb files. */
  download(packageName, into) {
    const wanted = this.#closure(packageName);
    mkdirSync(into, { recursive: true });
    this.#apt("apt-get", ["download", ...wanted], `download ${packageName}`, into);
    return readdirSync(into)
      .filter((name) => name.endsWith(".deb"))
      .map((name) => join(into, name));
  }

  /** As name=version. What installs, configures and logs is left out: the server is only unpacked. */
  #closure(packageName) {
    const args = ["install", "--simulate", "--no-install-recommends", "-y", packageName];
    const plan = this.#apt("apt-get", args, `find what ${packageName} depends on`);
    const all = [...plan.matchAll(/^Inst (\S+) \((\S+)/gm)].map(([, name, version]) => `${name}=${version}`);
    return all.filter((one) => /^(lib|lua|redis-|valkey-)/.test(one));
  }

  #apt(program, args, purpose, cwd = this.#folder) {
    const at = (name) => join(this.#folder, name);
    const settings = {
      "Dir::Etc::SourceList": at("sources.list"),
      "Dir::Etc::SourceParts": "/dev/null",
      "Dir::Etc::Preferences": "/dev/null",
      "Dir::Etc::PreferencesParts": "/dev/null",
      "Dir::State": this.#folder,
      "Dir::State::Lists": at("lists"),
      "Dir::State::status": at("status"),
      "Dir::Cache": this.#folder,
      "Dir::Cache::archives": at("archives"),
      "Acquire::Languages": "none",
      "Acquire::Retries": "2",
      "Acquire::http::Timeout": String(SILENCE),
      "Acquire::https::Timeout": String(SILENCE),
      // apt's own user may not reach a folder of ours.
      "APT::Sandbox::User": "root",
    };
    const options = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
    const run = spawnSync(program, [...options, ...args], {
      cwd,
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C" },
      maxBuffer: 2 ** 26,
      timeout: PATIENCE * 1000,
    });
    if (run.status === 0) return run.stdout;
    const why = run.error?.code === "ETIMEDOUT" ? `it took more than ${PATIENCE} s` : problemsOf(run.stderr);
    throw new Missing(
      `apt could not ${purpose}: ${why}\nThe mirror is the one of this machine's apt sources. Fix it there ` +
        "(apt-get update must work, and the mirror must have that suite of Debian), then try again.",
    );
  }
}

/** What apt complained of, without repetition. */
function problemsOf(stderr) {
  const lines = (stderr ?? "").split("\n").filter((line) => /^[EW]: /.test(line));
  return [...new Set(lines)].slice(0, 6).join("\n") || "it gave no reason";
}

/**
 * The mirror of Debian that this machine's apt uses, and the key it trusts it by.
 * @throws Missing where there is none.
 */
export function machineMirror(etc = "/etc/apt") {
  if (findProgram(["apt-get"]) === null || findProgram(["dpkg-deb"]) === null) {
    throw new Missing("The servers are fetched through apt and dpkg, which this machine does not have.");
  }
  const files = [join(etc, "sources.list"), ...filesIn(join(etc, "sources.list.d"))];
  const found = files.flatMap((file) => {
    const text = readIfThere(file);
    return file.endsWith(".sources") ? stanzas(text) : lines(text);
  });
  // Updates for security have an archive of their own, without the other suites.
  const main = found.find(({ suites, components }) => {
    return components.includes("main") && suites.some((suite) => /^[a-z]+$/.test(suite));
  });
  if (main !== undefined) return main;
  throw new Missing(
    `No mirror of Debian was found in ${etc}/sources.list and ${etc}/sources.list.d: add one with the component main.`,
  );
}

/** `deb [options] uri suite component…` */
function lines(text) {
  return [...text.matchAll(/^deb\s+(\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+(.+)$/gm)].map(
    ([, options = "", uri, suite, components]) => ({
      options: /signed-by=/i.test(options) ? `[${/signed-by=[^\s\]]+/i.exec(options)[0]}] ` : "",
      uri,
      suites: [suite],
      components: components.split(/\s+/),
    }),
  );
}

/** Deb822: fields in stanzas. */
function stanzas(text) {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const field = (name) => new RegExp(`^${name}:[ \\t]*(.*)$`, "im").exec(stanza)?.[1]?.trim() ?? "";
    const isOff = /^no$/i.test(field("Enabled"));
    if (isOff || !/\bdeb\b/.test(field("Types")) || field("URIs") === "") return [];
    const key = field("Signed-By");
    return {
      options: key.startsWith("/") ? `[signed-by=${key}] ` : "",
      uri: field("URIs").split(/\s+/)[0],
      suites: field("Suites").split(/\s+/),
      components: field("Components").split(/\s+/),
    };
  });
}

function filesIn(folder) {
  try {
    const names = readdirSync(folder).filter((name) => /\.(list|sources)$/.test(name));
    return names.sort().map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function readIfThere(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
