import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Redis } from "ioredis";
import { expect, onTestFinished, TestRunner } from "vitest";
import { parseCheckpoint } from "../../../server/sync/checkpoint/checkpoint.ts";
import { Child } from "../../servers/child.ts";
import { until } from "../../servers/index.ts";

const root = join(import.meta.dirname, "..", "..", "..");
/** ms that a SIGTERM may take: the 5 s that the documents promise, and what a busy machine adds to them. */
const DRAIN_MS = 10_000;

/** `npm run sync` (as it was compiled by the build) in a process of its own, which can be killed at any moment. */
export class EngineRun {
  readonly taskId: string;
  readonly #args: readonly string[];
  readonly #directory: string;
  #child: Child | null = null;
  #starts = 0;

  /** @param args of `npm run sync`; @param directory for its log and its spool. */
  constructor(args: readonly string[], directory: string, taskId = "engine-run") {
    this.taskId = taskId;
    this.#args = args;
    this.#directory = directory;
    if (TestRunner.getCurrentTest() !== undefined) onTestFinished(() => this.kill());
  }

  start(): void {
    this.#starts++;
    const program = [
      "--enable-source-maps",
      join(root, "dist", "server", "cli", "sync.js"),
      ...["--id", this.taskId, "--spool", this.spoolDirectory, "--on-shrink", "follow", ...this.#args],
    ];
    const logFile = join(this.#directory, `engine-${this.#starts}.log`);
    this.#child = new Child(process.execPath, program, { logFile, directory: this.#directory });
  }

  /** Ends it, by SIGKILL unless told otherwise, and awaits its end. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    await this.#child?.kill(signal);
  }

  /** Sends a signal and awaits nothing. */
  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** Ends it by SIGTERM: that it drains within 5 s, and says whether all came to its end. @param meanwhile once it has the signal. */
  async drain(meanwhile: () => Promise<void> = async () => {}): Promise<void> {
    const began = performance.now();
    const ended = this.kill("SIGTERM");
    await meanwhile();
    await ended;
    // 4 where what had been received could not all be brought to its end in time.
    expect(this.exit, await this.log()).toMatch(/^exit code [04]$/);
    expect(performance.now() - began).toBeLessThan(DRAIN_MS);
  }

  get spoolDirectory(): string {
    return join(this.#directory, "spool");
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

  /** The offset of the checkpoint of `shardId`; -1 while there is none. */
  async checkpoint(shardId: string, destination: Redis): Promise<bigint> {
    const text = await destination.hget(`tributary:checkpoint:${this.taskId}`, shardId);
    return parseCheckpoint(text ?? "")?.offset ?? -1n;
  }

  /** Resolves when the checkpoint of `shardId` is at or past all that `shard` has written by now. */
  async reached(shardId: string, shard: Redis, destination: Redis, timeoutMs = 120_000): Promise<void> {
    const wanted = await writtenOffset(shard);
    await until(async () => (await this.checkpoint(shardId, destination)) >= wanted, {
      what: `the checkpoint of ${shardId} has reached offset ${wanted}`,
      timeoutMs,
    });
  }

  /** The same, and no key of it waits to be copied again. */
  async caughtUp(shardId: string, shard: Redis, destination: Redis, timeoutMs = 120_000): Promise<void> {
    await this.reached(shardId, shard, destination, timeoutMs);
    await until(async () => (await destination.scard(`tributary:doubtful:${this.taskId}:${shardId}`)) === 0, {
      what: `the doubtful keys of ${shardId} have been copied again`,
      timeoutMs,
    });
  }
}

/** Offset of the last byte that a master has written into its stream. */
export async function writtenOffset(shard: Redis): Promise<bigint> {
  const info = await shard.info("replication");
  return BigInt(/master_repl_offset:(\d+)/.exec(info)?.[1] ?? "0");
}
