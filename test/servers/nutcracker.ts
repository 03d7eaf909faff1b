import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { Child } from "./child.ts";
import { firstReply } from "./first-reply.ts";
import { freePort } from "./free-port.ts";
import { plainClient } from "./plain-client.ts";
import { requiredBinary } from "./required-binary.ts";
import { makeTemporaryFolder, removeTemporaryFolder } from "./temporary-folder.ts";
import { until } from "./until.ts";

export type NutcrackerOptions = {
  /** Name of the pool; `alpha` unless given. */
  readonly pool?: string;
  readonly servers: readonly { readonly port: number; readonly name?: string; readonly weight?: number }[];
  /** `fnv1a_64` unless given. */
  readonly hash?: string;
  /** `ketama` unless given. */
  readonly distribution?: string;
  /** Two characters, e.g. `{}`. */
  readonly hashTag?: string;
  readonly redisDb?: number;
  readonly redisAuth?: string;
  readonly autoEject?: boolean;
  /** A free one unless given. */
  readonly port?: number;
  /** The whole file, in the place of one that is made; `port` is then the one in it. */
  readonly configText?: string;
  /** A temporary folder, removed by stop(), unless given. */
  readonly directory?: string;
};

/** A real nutcracker process with one Redis pool on 127.0.0.1. */
export class Nutcracker {
  readonly port: number;
  readonly statsPort: number;
  readonly configFile: string;
  readonly configText: string;
  readonly url: string;
  readonly directory: string;
  readonly #child: Child;
  readonly #options: NutcrackerOptions;
  #client: Redis | null = null;

  private constructor(
    ports: { port: number; statsPort: number },
    directory: string,
    configText: string,
    child: Child,
    options: NutcrackerOptions,
  ) {
    this.port = ports.port;
    this.statsPort = ports.statsPort;
    this.directory = directory;
    this.configFile = join(directory, "nutcracker.yml");
    this.configText = configText;
    this.url = `redis://127.0.0.1:${ports.port}`;
    this.#child = child;
    this.#options = options;
  }

  /** Starts it and waits until it forwards. @throws Error with its log when it does not start. */
  static async start(options: NutcrackerOptions): Promise<Nutcracker> {
    const binary = requiredBinary("nutcracker", "nutcracker");
    const directory = options.directory ?? makeTemporaryFolder();
    for (let attempt = 1; ; attempt++) {
      const ports = { port: options.port ?? (await freePort()), statsPort: await freePort() };
      const text = options.configText ?? configuration(ports.port, options);
      await writeFile(join(directory, "nutcracker.yml"), text);
      try {
        const child = await launch(binary, ports, directory);
        return new Nutcracker(ports, directory, text, child, options);
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

  /** One client, made at the first use. It can send what nutcracker forwards: no SELECT, MULTI, INFO or SCAN. */
  get client(): Redis {
    const password = this.#options.redisAuth;
    this.#client ??= plainClient({ port: this.port, ...(password === undefined ? {} : { password }) });
    return this.#client;
  }

  /** Resolves when the process has ended, for whatever reason. */
  get exited(): Promise<void> {
    return this.#child.exited;
  }

  /** How it ended, e.g. `SIGKILL`; null while it runs. */
  get exit(): string | null {
    return this.#child.exit;
  }

  async kill(signal?: NodeJS.Signals): Promise<void> {
    await this.#child.kill(signal);
  }

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
  ports: { port: number; statsPort: number },
  directory: string,
): Promise<Child> {
  const args = ["-c", join(directory, "nutcracker.yml"), "-p", join(directory, "nutcracker.pid")];
  args.push("-s", String(ports.statsPort), "-a", "127.0.0.1", "-i", "1000");
  const logFile = join(directory, "nutcracker.log");
  args.push("-o", logFile);
  const child = new Child(binary, args, { logFile, directory });
  // An error is an answer too: a test may want a nutcracker in front of servers that are down.
  const forwards = async () => {
    if (child.exit !== null) return true;
    if (!/^[$-]/.test(await firstReply(ports.port, "*2\r\n$3\r\nGET\r\n$9\r\ntributary\r\n"))) return false;
    // The answer may be another program's that took the port just before: then this one is about to end.
    await Promise.race([child.exited, sleep(30)]);
    return true;
  };
  try {
    await until(forwards, { what: `nutcracker forwards on port ${ports.port}`, everyMs: 10 });
  } catch (error) {
    await child.kill();
    throw new Error(`${(error as Error).message}\n${(await child.log()).slice(-2_000)}`);
  }
  if (child.exit === null) return child;
  throw new Error(`nutcracker ended at its start (${child.exit}):\n${(await child.log()).slice(-2_000)}`);
}

function configuration(port: number, options: NutcrackerOptions): string {
  const lines = [
    `${options.pool ?? "alpha"}:`,
    `  listen: 127.0.0.1:${port}`,
    `  hash: ${options.hash ?? "fnv1a_64"}`,
    `  distribution: ${options.distribution ?? "ketama"}`,
  ];
  if (options.hashTag !== undefined) lines.push(`  hash_tag: "${options.hashTag}"`);
  lines.push("  redis: true");
  if (options.redisAuth !== undefined) lines.push(`  redis_auth: ${options.redisAuth}`);
  if (options.redisDb !== undefined) lines.push(`  redis_db: ${options.redisDb}`);
  if (options.autoEject === true) {
    lines.push("  auto_eject_hosts: true", "  server_retry_timeout: 1000", "  server_failure_limit: 1");
  }
  lines.push("  servers:");
  for (const server of options.servers) {
    const name = server.name === undefined ? "" : ` ${server.name}`;
    lines.push(`    - 127.0.0.1:${server.port}:${server.weight ?? 1}${name}`);
  }
  return `${lines.join("\n")}\n`;
}
