import { Worker } from "node:worker_threads";
import { reasonOf } from "../../errors/tributary-error.ts";
import type { VerifyCommand, VerifyMessage } from "./verify-protocol.ts";

/** As source (tsx, vitest) the entry is a shim that loads TypeScript; compiled it is the worker itself. */
const compiled = import.meta.url.endsWith(".js");
const entry = new URL(compiled ? "./verify-worker.js" : "./verify-worker-dev.mjs", import.meta.url);
/** What a verification may hold in its heap: see its limits. */
const HEAP_MB = 256;

/** The thread of one verification, or of one repair, apart from the shard syncs and the pages. */
export class VerifyThread {
  readonly #worker: Worker;
  /** Resolves when the thread has ended. */
  readonly ended: Promise<void>;

  /** @param onMessage hears how it ended in any case, also when the thread dies. */
  constructor(
    order: Extract<VerifyCommand, { type: "run" | "repair" }>,
    onMessage: (message: VerifyMessage) => void,
  ) {
    let detail: string | null = null;
    let over = false;
    this.#worker = new Worker(entry, {
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
      execArgv: compiled ? ["--enable-source-maps"] : [],
    });
    this.#worker.on("message", (message: VerifyMessage) => {
      over ||= ["verdict", "repaired", "failed"].includes(message.type);
      onMessage(message);
    });
    this.#worker.on("error", (error) => {
      detail = error instanceof Error ? error.message : String(error);
    });
    this.ended = new Promise((resolve) => {
      this.#worker.once("exit", (code) => {
        const why = detail ?? `its thread ended with code ${code}`;
        if (!over)
          onMessage({ type: "failed", reason: reasonOf("INTERNAL", { detail: why }), canceled: false });
        resolve();
      });
    });
    this.send(order);
  }

  send(command: VerifyCommand): void {
    this.#worker.postMessage(command);
  }
}
