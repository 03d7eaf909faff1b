import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Redis } from "ioredis";
import { parseCheckpoint } from "../../server/sync/checkpoint.ts";
import { Child } from "../servers/child.ts";
import { until } from "../servers/index.ts";

const root = join(import.meta.dirname, "..", "..");

/** `npm run sync` (as it was compiled by the build) in a process of its own, which can be killed at any moment. */
export class EngineRun {
  readonly taskId = "engine-run";
  readonly #args: readonly string[];
  readonly #directory: string;
  #child: Child | null = null;
  #starts = 0;

  /** @param args of `npm run sync`; @param directory for its log and its spool. */
  constructor(args: readonly string[], directory: string) {
    this.#args = args;
    this.#directory = directory;
  }

  start(): void {
    this.#starts++;
    const program = [
      "--enable-source-maps",
      join(root, "dist", "server", "cli", "sync.js"),
      ...["--id", this.taskId, "--spool", join(this.#directory, "spool"), ...this.#args],
    ];
    const logFile = join(this.#directory, `engine-${this.#starts}.log`);
    this.#child = new Child(process.execPath, program, { logFile, directory: this.#directory });
  }

  /** Ends it, by SIGKILL unless told otherwise, and awaits its end. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    await this.#child?.kill(signal);
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** How it ended, e.g. `SIGKILL` or `exit code 1`; null while it runs. */
  get exit(): string | null {
    return this.#child === null ? "not started" : this.#child.exit;
  }

  /** All that it has printed since its last start. */
  async log(): Promise<string> {
    return await readFile(join(this.#directory, `engine-${this.#starts}.log`), "utf8");
  }

  /** Resolves when the checkpoint of `shardId` is at or past all that `shard` has written by now. */
  async caughtUp(shardId: string, shard: Redis, destination: Redis, timeoutMs = 120_000): Promise<void> {
    const info = await shard.info("replication");
    const wanted = BigInt(/master_repl_offset:(\d+)/.exec(info)?.[1] ?? "0");
    await until(
      async () => {
        const text = await destination.hget(`tributary:checkpoint:${this.taskId}`, shardId);
        return (parseCheckpoint(text ?? "")?.offset ?? -1n) >= wanted;
      },
      { what: `the checkpoint of ${shardId} has reached offset ${wanted}`, timeoutMs },
    );
    await until(async () => (await destination.scard(`tributary:doubtful:${this.taskId}:${shardId}`)) === 0, {
      what: `the doubtful keys of ${shardId} have been copied again`,
      timeoutMs,
    });
  }
}
