import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Redis } from "ioredis";
import { Child } from "./child.ts";
import { firstReply } from "./first-reply.ts";
import { freePort } from "./free-port.ts";
import { plainClient } from "./plain-client.ts";
import { requiredBinary } from "./required-binary.ts";
import { makeTemporaryFolder, removeTemporaryFolder } from "./temporary-folder.ts";
import { until } from "./until.ts";

export type RedisServerOptions = {
  /** Appended to the command line, e.g. ["--appendonly", "yes"]. */
  readonly args?: readonly string[];
  /** Lines of redis.conf, e.g. { requirepass: "secret", save: "" }. They win over the defaults below. */
  readonly conf?: Readonly<Record<string, string>>;
  /** A free one unless given. */
  readonly port?: number;
  /** A temporary folder, removed by stop(), unless given. */
  readonly directory?: string;
  /** A path or a name in PATH; `redis-server` unless given. */
  readonly binary?: string;
  /** Port on 127.0.0.1 of the master. */
  readonly replicaOf?: number;
};

/** A real redis-server (or valkey-server) process on 127.0.0.1. */
export class RedisServer {
  readonly host = "127.0.0.1";
  readonly port: number;
  readonly directory: string;
  readonly url: string;
  readonly #binary: string;
  readonly #options: RedisServerOptions;
  #child: Child;
  #client: Redis | null = null;

  private constructor(
    binary: string,
    port: number,
    directory: string,
    options: RedisServerOptions,
    child: Child,
  ) {
    this.#binary = binary;
    this.port = port;
    this.directory = directory;
    this.url = `redis://127.0.0.1:${port}`;
    this.#options = options;
    this.#child = child;
  }

  /** Starts it and waits until it answers. @throws Error with the end of its log when it does not start. */
  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const binary = requiredBinary(options.binary ?? "redis-server", "redis-server");
    const directory = options.directory ?? makeTemporaryFolder();
    await mkdir(directory, { recursive: true });
    for (let attempt = 1; ; attempt++) {
      const port = options.port ?? (await freePort());
      await writeFile(join(directory, "redis.conf"), await configuration(binary, port, directory, options));
      try {
        const child = await launch(binary, port, directory, options.args ?? []);
        return new RedisServer(binary, port, directory, options, child);
      } catch (error) {
        const taken = /Address already in use/.test(String(error));
        if (options.port === undefined && taken && attempt < 10) continue;
        if (options.directory === undefined) removeTemporaryFolder(directory);
        throw error;
      }
    }
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** One client, made at the first use; it reconnects after a restart. */
  get client(): Redis {
    const password = this.#options.conf?.requirepass;
    this.#client ??= plainClient({ port: this.port, ...(password === undefined ? {} : { password }) });
    return this.#client;
  }

  /** Resolves when the present process has ended, for whatever reason. */
  get exited(): Promise<void> {
    return this.#child.exited;
  }

  /** How it ended, e.g. `SIGKILL`; null while it runs. */
  get exit(): string | null {
    return this.#child.exit;
  }

  /** Ends the process, by SIGKILL unless told otherwise; port and folder stay for a restart. */
  async kill(signal?: NodeJS.Signals): Promise<void> {
    await this.#child.kill(signal);
  }

  /** Starts it again on the same port and folder, killing it first when it still runs. */
  async restart(): Promise<void> {
    await this.#child.kill();
    await until(
      async () => {
        this.#child = await launch(this.#binary, this.port, this.directory, this.#options.args ?? []);
        return true;
      },
      { what: `redis-server runs again on port ${this.port}`, timeoutMs: 60_000, everyMs: 100 },
    );
  }

  /** Kills it and removes its folder, unless the folder was given by the caller. */
  async stop(): Promise<void> {
    this.#client?.disconnect();
    await this.#child.kill();
    if (this.#options.directory === undefined) removeTemporaryFolder(this.directory);
  }

  async log(): Promise<string> {
    return await this.#child.log();
  }
}

async function launch(
  binary: string,
  port: number,
  directory: string,
  args: readonly string[],
): Promise<Child> {
  const logFile = join(directory, "redis.log");
  const before = (await readFile(logFile, "utf8").catch(() => "")).length;
  const child = new Child(binary, [join(directory, "redis.conf"), ...args], { logFile, directory });
  const said = async () => (await child.log()).slice(before);
  // The log line proves that this very process has the port; PING that it answers on it.
  const ready = async () => {
    if (child.exit !== null) return true;
    if (!/ready to accept connections/i.test(await said())) return false;
    return /^(\+PONG|-NOAUTH|-NOPERM|-ERR operation not permitted|-MASTERDOWN|-DENIED)/.test(
      await firstReply(port, "PING\r\n"),
    );
  };
  try {
    await until(ready, { what: `redis-server answers on port ${port}`, timeoutMs: 30_000, everyMs: 10 });
  } catch (error) {
    await child.kill();
    throw new Error(`${(error as Error).message}\n${(await said()).slice(-2_000)}`);
  }
  if (child.exit === null) return child;
  throw new Error(`${binary} ended at its start (${child.exit}):\n${(await said()).slice(-2_000)}`);
}

async function configuration(
  binary: string,
  port: number,
  directory: string,
  options: RedisServerOptions,
): Promise<string> {
  const major = await majorVersion(binary);
  const conf: Record<string, string> = {
    bind: "127.0.0.1",
    port: String(port),
    dir: directory,
    daemonize: "no",
    logfile: "",
    save: "",
    appendonly: "no",
    // Tests must not wait the 5 seconds that a master gives further replicas to come.
    "repl-diskless-sync-delay": "0",
  };
  // DEBUG DIGEST-VALUE is how values are compared; 7.0 locks DEBUG by default.
  if (major >= 7) conf["enable-debug-command"] = "yes";
  if (options.replicaOf !== undefined) {
    conf[major >= 5 ? "replicaof" : "slaveof"] = `127.0.0.1 ${options.replicaOf}`;
  }
  const lines = Object.entries({ ...conf, ...options.conf });
  return `${lines.map(([name, value]) => `${name} ${value === "" ? '""' : value}`).join("\n")}\n`;
}

const versions = new Map<string, Promise<number>>();

function majorVersion(binary: string): Promise<number> {
  let version = versions.get(binary);
  if (version === undefined) {
    version = promisify(execFile)(binary, ["--version"]).then(({ stdout }) =>
      Number(/v=(\d+)/.exec(stdout)?.[1] ?? 0),
    );
    versions.set(binary, version);
  }
  return version;
}
