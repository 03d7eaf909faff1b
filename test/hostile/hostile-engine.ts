import { type ChildProcess, fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ShardSyncSpec } from "../../server/sync/spec/shard-sync-spec.ts";
import type { EngineOrder, EngineSays } from "./engine-process.ts";

type Order = EngineOrder extends infer One ? (One extends { id: number } ? Omit<One, "id"> : never) : never;

/** The engine in a process of its own, and what happens to it. */
export class HostileEngine {
  /** Threads that died, each with why. */
  readonly deaths: string[] = [];
  /** How the process ended; null while it lives. */
  exit: string | null = null;
  /** Most bytes of the process since `watch`. */
  peakBytes = 0;
  /** Worst lag of the bystander since `watch`, seconds, and the reports that gave one. */
  worstLag = 0;
  lags = 0;
  /** Longest report, characters. */
  longestReport = 0;
  readonly latest = new Map<string, Extract<EngineSays, { taskId: string }>>();
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: unknown) => void>();
  readonly #sampler: NodeJS.Timeout;
  #errors = "";
  #nextId = 1;

  /** @param bystander the task whose lag is watched. */
  constructor(bystander: string) {
    this.#child = fork(join(import.meta.dirname, "engine-process.ts"), [], {
      execArgv: ["--import", "tsx"],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.#child.stderr?.on("data", (text: Buffer) => {
      this.#errors = (this.#errors + text.toString()).slice(-4000);
    });
    this.#child.on("exit", (code, signal) => {
      this.exit = `${signal ?? `exit code ${code}`}: ${this.#errors}`;
      for (const answer of this.#waiting.values()) answer("the engine is gone");
    });
    this.#child.on("message", (said: EngineSays) => {
      if ("died" in said) this.deaths.push(said.died);
      else if ("answer" in said) {
        this.#waiting.get(said.id)?.(said.answer);
        this.#waiting.delete(said.id);
      } else {
        this.latest.set(said.taskId, said);
        this.longestReport = Math.max(this.longestReport, said.longest);
        if (said.taskId !== bystander || said.lagSeconds === null) return;
        this.lags++;
        // What the machine withholds from all threads is no peer's doing: tests may run beside much else.
        const lag = said.lagSeconds - said.heldUpSeconds;
        if (lag > 1)
          console.log(
            `the bystander lags ${said.lagSeconds} s, of which ${said.heldUpSeconds} s by the machine`,
          );
        this.worstLag = Math.max(this.worstLag, lag);
      }
    });
    this.#sampler = setInterval(() => this.#sample(), 50);
  }

  /** Bytes of the process now. */
  get bytes(): number {
    try {
      return (
        Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${this.#child.pid}/status`, "utf8"))?.[1]) *
        1024
      );
    } catch {
      return 0;
    }
  }

  /** Forgets the worst so far. */
  watch(): void {
    this.peakBytes = 0;
    this.worstLag = 0;
    this.lags = 0;
    this.longestReport = 0;
  }

  ask(order: Order): Promise<unknown> {
    const id = this.#nextId++;
    if (this.exit !== null) return Promise.resolve("the engine is gone");
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#child.send({ id, ...order });
    });
  }

  async start(spec: ShardSyncSpec): Promise<void> {
    await this.ask({ start: spec });
  }

  async stop(taskId: string): Promise<void> {
    await this.ask({ stop: { taskId, shardId: "s" } });
    this.latest.delete(taskId);
  }

  async kill(): Promise<void> {
    clearInterval(this.#sampler);
    if (this.exit !== null) return;
    const gone = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGKILL");
    await gone;
  }

  #sample(): void {
    this.peakBytes = Math.max(this.peakBytes, this.bytes);
  }
}
