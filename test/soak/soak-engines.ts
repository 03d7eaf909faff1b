import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../servers/index.ts";
import { EngineRun } from "../sync/harness/engine-run.ts";
import { mountSmallDisk } from "../sync/harness/small-disk.ts";

/** ms for an engine to reach every party, through whatever strikes them meanwhile. */
const PATIENCE_MS = 180_000;
/** ms for an end by SIGTERM: it drains in 5 s, and a busy machine takes its time. */
const END_MS = 30_000;

const fenced = /Another engine has taken over/;
/** What no fault explains: a thread that died, an error without a name, a shard that waits for the operator. */
const complaint = /^.*(The worker thread of |that has no name yet|^\S+ {2}failed {2}).*$/gm;

/**
 * The engine of a soak: one process at a time but for the moments in which a second one takes over. One that ends
 * although nobody has ended it is a failure, whoever starts it again.
 */
export class SoakEngines {
  readonly #args: readonly string[];
  readonly #folder: string;
  readonly #shards: readonly string[];
  readonly #taskId: string | undefined;
  #engine: EngineRun;
  #directory = "";
  /** Its spools lie on a disk of their own, which can be filled. */
  #ownDisk = false;
  readonly #diskMebibytes: number;
  #made = 0;
  /** Nobody has ended it. */
  #wanted = false;

  /**
   * @param args of `npm run sync`. @param shards their names. @param taskId where there are several tasks.
   * @param diskMebibytes of a disk for the spools alone, where this user may mount one; 0 for none.
   */
  constructor(
    args: readonly string[],
    folder: string,
    shards: readonly string[],
    taskId?: string,
    diskMebibytes = 0,
  ) {
    this.#diskMebibytes = diskMebibytes;
    this.#args = args;
    this.#folder = folder;
    this.#shards = shards;
    this.#taskId = taskId;
    this.#engine = this.#make();
  }

  get shards(): readonly string[] {
    return this.#shards;
  }

  /** The folder of the present engine's spools where that is a disk of its own; null where it is not. */
  get disk(): string | null {
    return this.#ownDisk ? this.#engine.spoolDirectory : null;
  }

  get taskId(): string {
    return this.#engine.taskId;
  }

  start(): void {
    this.#engine.start();
    this.#wanted = true;
  }

  /** @throws Error when it had ended by itself, or ends otherwise than by the signal. */
  async end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    await this.expectRunning();
    this.#wanted = false;
    const engine = this.#engine;
    process.kill(engine.pid, signal);
    await until(() => engine.exit !== null, { what: `the engine ends by ${signal}`, timeoutMs: END_MS });
    const drained = /^draining/m.test(await engine.log());
    // Before its first line nobody listens for the signal.
    // 4 and 5 say that something is left for the next start, or was left out.
    const expected = signal === "SIGTERM" && drained ? /^exit code [045]$/ : new RegExp(`^${signal}$`);
    if (!expected.test(engine.exit ?? ""))
      throw new Error(`the engine ended by ${engine.exit}, not as by ${signal}`);
  }

  async suspend(ms: number): Promise<void> {
    await this.expectRunning();
    process.kill(this.#engine.pid, "SIGSTOP");
    await sleep(ms);
    process.kill(this.#engine.pid, "SIGCONT");
  }

  /** Starts a second engine for the same task: the first one has to end as fenced off. The second one goes on. */
  async startSecond(): Promise<void> {
    const former = this.#engine;
    // Of two that begin at once either may be the later one, for each shard.
    await this.#untilRunning(async () => {
      const log = await former.log();
      return this.#shards.every((name) =>
        new RegExp(`${name} {2}info: (Initial sync|Continuing the stream)`).test(log),
      );
    }, "the first engine has begun");
    this.#engine = this.#make();
    this.start();
    await this.#untilRunning(() => former.exit !== null, "the first of two engines has ended");
    const log = await former.log();
    const told = this.#shards.filter((name) =>
      new RegExp(`^${name} {2}failed .*${fenced.source}`, "m").test(log),
    );
    if (former.exit !== "exit code 1" || told.length < this.#shards.length) {
      throw new Error(
        `the first of two engines ended by ${former.exit}, fenced off from ${told.join(", ") || "no shard"}:\n${tail(log)}`,
      );
    }
  }

  /** @throws Error when the engine that should run has ended. */
  async expectRunning(): Promise<void> {
    const failure = await this.failure();
    if (failure !== null) throw failure;
  }

  /** Why the engine that should run does not; null while it does. For conditions that are awaited. */
  async failure(): Promise<Error | null> {
    const { exit } = this.#engine;
    if (!this.#wanted || exit === null) return null;
    return new Error(`the engine ended by itself (${exit}):\n${tail(await this.#engine.log())}`);
  }

  /** Lines of the present engine's logs that no fault explains. */
  complaints(): string[] {
    return [...new Set(logsIn(this.#directory).match(complaint))];
  }

  /** Of all engines there have been. */
  alerts(): string[] {
    const directories = Array.from({ length: this.#made }, (_, n) => join(this.#folder, `engine-${n + 1}`));
    return directories.flatMap((directory) => logsIn(directory).match(/^.* alert: .*$/gm) ?? []);
  }

  async close(): Promise<void> {
    this.#wanted = false;
    await this.#engine.kill();
  }

  #make(): EngineRun {
    this.#directory = join(this.#folder, `engine-${++this.#made}`);
    mkdirSync(this.#directory);
    const engine = new EngineRun(this.#args, this.#directory, this.#taskId);
    if (this.#diskMebibytes > 0) {
      mkdirSync(engine.spoolDirectory);
      this.#ownDisk = mountSmallDisk(engine.spoolDirectory, this.#diskMebibytes);
    }
    return engine;
  }

  async #untilRunning(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
    const met = await until(async () => (await this.failure()) ?? (await condition()), {
      what,
      timeoutMs: PATIENCE_MS,
      everyMs: 100,
    });
    if (met instanceof Error) throw met;
  }
}

function logsIn(directory: string): string {
  const files = readdirSync(directory).filter((name) => name.endsWith(".log"));
  return files.map((name) => readFileSync(join(directory, name), "utf8")).join("\n");
}

function tail(log: string): string {
  return log.split("\n").slice(-30).join("\n");
}
