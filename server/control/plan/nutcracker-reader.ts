import { Worker } from "node:worker_threads";
import { TributaryError } from "../../errors/tributary-error.ts";
import { type NutcrackerConfig, unreadable } from "../../twemproxy/nutcracker-config.ts";
import { maxNutcrackerBytes } from "../../twemproxy/nutcracker-size.ts";
import type { NutcrackerAnswer, NutcrackerQuestion } from "./nutcracker-reader-protocol.ts";

type Waiting = NutcrackerQuestion & { readonly settle: (config: NutcrackerConfig) => void };

/** ms for one file; what is a nutcracker.yml takes some. */
const PATIENCE_MS = 5_000;
const MOST_WAITING = 32;

/** As source (tsx, vitest) the entry is a shim that loads TypeScript; compiled it is the thread itself. */
const compiled = import.meta.url.endsWith(".js");
const entry = new URL(
  compiled ? "./nutcracker-reader-worker.js" : "./nutcracker-reader-worker-dev.mjs",
  import.meta.url,
);

/**
 * Reads nutcracker.yml in a thread of its own: a file is what somebody typed or pasted, and YAML has many ways to
 * keep its reader busy. A file that takes too long, or ends the thread, is answered as one that cannot be read.
 */
export class NutcrackerReader {
  readonly #patienceMs: number;
  readonly #waiting: Waiting[] = [];
  #worker: Worker | null = null;
  #timer: NodeJS.Timeout | undefined;
  #nextId = 0;

  constructor(options: { readonly patienceMs?: number } = {}) {
    this.#patienceMs = options.patienceMs ?? PATIENCE_MS;
  }

  /** As parseNutcrackerConfig. @throws TributaryError TOO_MANY_REQUESTS */
  read(text: string): Promise<NutcrackerConfig> {
    if (text.length > maxNutcrackerBytes)
      return Promise.resolve(unreadable("The file is larger than 64 KiB"));
    if (this.#waiting.length >= MOST_WAITING)
      return Promise.reject(
        new TributaryError("TOO_MANY_REQUESTS", { what: "files to be read", seconds: 5 }),
      );
    return new Promise((settle) => {
      this.#waiting.push({ id: this.#nextId++, text, settle });
      if (this.#waiting.length === 1) this.#ask();
    });
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#worker?.terminate();
  }

  #ask(): void {
    const first = this.#waiting[0];
    if (first === undefined) return;
    this.#worker ??= this.#start();
    this.#worker.ref();
    this.#worker.postMessage({ id: first.id, text: first.text } satisfies NutcrackerQuestion);
  }

  #start(): Worker {
    const worker = new Worker(entry, {
      resourceLimits: { maxOldGenerationSizeMb: 128 },
      execArgv: compiled ? ["--enable-source-maps"] : [],
    });
    // The clock runs from the moment at which the thread takes up the file, however long the thread took to start.
    worker.on("message", (answer: NutcrackerAnswer | { readonly began: number }) => {
      if (!("began" in answer)) return this.#settle(answer.id, answer.config);
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#drop(worker), this.#patienceMs);
    });
    worker.on("error", () => this.#drop(worker));
    worker.on("exit", () => this.#drop(worker));
    return worker;
  }

  #drop(worker: Worker): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    void worker.terminate();
    const first = this.#waiting[0];
    if (first !== undefined) this.#settle(first.id, unreadable("The file takes too long to be read"));
  }

  #settle(id: number, config: NutcrackerConfig): void {
    if (this.#waiting[0]?.id !== id) return;
    clearTimeout(this.#timer);
    this.#waiting.shift()?.settle(config);
    // An idle thread does not keep the process alive.
    if (this.#waiting.length === 0) this.#worker?.unref();
    this.#ask();
  }
}
