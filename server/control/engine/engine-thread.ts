import { Worker } from "node:worker_threads";
import type { EngineCommand, EngineMessage } from "./engine-protocol.ts";

export type EngineThreadOptions = {
  readonly onMessage: (message: EngineMessage) => void;
  /** Called once, when the thread has ended without being asked to. */
  readonly onDeath: (detail: string) => void;
  readonly entry?: URL;
};

/** As source (tsx, vitest) the entry is a shim that loads TypeScript; compiled it is the worker itself. */
const compiled = import.meta.url.endsWith(".js");
const ownEntry = new URL(compiled ? "./engine-worker.js" : "./engine-worker-dev.mjs", import.meta.url);

/** One worker thread, from its start to its end. */
export class EngineThread {
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  #expected = false;
  #detail: string | null = null;

  constructor(options: EngineThreadOptions) {
    this.#worker = new Worker(options.entry ?? ownEntry, {
      // Data lives in buffers outside of this heap; what grows in it is a fault, and ends one thread, not all. Its young
      // part would keep up to 48 MiB of what is no longer used.
      resourceLimits: { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 16 },
      execArgv: compiled ? ["--enable-source-maps"] : [],
    });
    this.#worker.on("message", options.onMessage);
    this.#worker.on("error", (error) => {
      this.#detail ??= error instanceof Error ? error.message : String(error);
    });
    this.#exited = new Promise((resolve) => {
      this.#worker.on("exit", (code) => {
        if (!this.#expected) options.onDeath(this.#detail ?? `it ended with code ${code}`);
        resolve();
      });
    });
  }

  send(command: EngineCommand): void {
    this.#worker.postMessage(command);
  }

  /** Ends it at once, as a death: its shard syncs go on in another. */
  async kill(why: string): Promise<void> {
    this.#detail ??= why;
    await this.#worker.terminate();
  }

  /** Stops its shard syncs in good order and ends it; by force after `timeoutMs`. */
  async shutdown(timeoutMs: number): Promise<void> {
    this.#expected = true;
    this.send({ type: "shutdown" });
    const timer = setTimeout(() => void this.#worker.terminate(), timeoutMs);
    await this.#exited;
    clearTimeout(timer);
  }
}
