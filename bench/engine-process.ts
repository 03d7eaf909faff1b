import { spawn } from "node:child_process";
import { join } from "node:path";
import type { RedisServer } from "../test/servers/redis-server.ts";

export type EngineSummary = {
  readonly seconds: number;
  readonly peakMemoryBytes: number;
  readonly cpuSeconds: number;
  readonly shards: readonly {
    readonly phases: Readonly<Record<string, number | null>>;
    readonly keys: number;
    readonly commandsApplied: number;
    readonly keysRejected: number;
    readonly commandsRejected: number;
  }[];
};

const root = join(import.meta.dirname, "..");

/** Tributary as its users run it: `npm run sync` in a process of its own. */
export class EngineProcess {
  readonly #child;
  readonly #summary: Promise<EngineSummary>;

  /** @param source shards that are given by hand, or the path of a nutcracker.yml with one pool. */
  constructor(
    source: readonly RedisServer[] | string,
    destination: RedisServer,
    spool: string,
    more: readonly string[],
  ) {
    const args = [
      "--enable-source-maps",
      join(root, "scripts", "sync.mjs"),
      ...(typeof source === "string"
        ? ["--nutcracker", source]
        : source.flatMap((shard) => ["--shard", `127.0.0.1:${shard.port}`])),
      "--destination",
      `127.0.0.1:${destination.port}`,
      "--json",
      "--spool",
      spool,
      ...more,
    ];
    this.#child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    const child = this.#child;
    this.#summary = new Promise((resolve, reject) => {
      let out = "";
      let errors = "";
      child.stdout.on("data", (data: Buffer) => {
        out += data.toString();
      });
      child.stderr.on("data", (data: Buffer) => {
        errors += data.toString();
      });
      child.on("exit", (code) => {
        if (code === 0) resolve(JSON.parse(out) as EngineSummary);
        else reject(new Error(`the engine ended with ${code}: ${errors.slice(-2000)}`));
      });
    });
    process.on("exit", () => child.kill("SIGKILL"));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Resolves when it has ended. */
  get summary(): Promise<EngineSummary> {
    return this.#summary;
  }

  /** Drains it. */
  stop(): Promise<EngineSummary> {
    this.#child.kill("SIGTERM");
    return this.#summary;
  }
}
