import { Worker } from "node:worker_threads";
import { TributaryError } from "../../errors/tributary-error.ts";
import type { PrecheckInput } from "../../precheck/precheck-input.ts";
import type { PrecheckReport } from "../../precheck/precheck-report.ts";

/** As source (tsx, vitest) the entry is a shim that loads TypeScript; compiled it is the worker itself. */
const compiled = import.meta.url.endsWith(".js");
const ownEntry = new URL(compiled ? "./check-worker.js" : "./check-worker-dev.mjs", import.meta.url);

/** Threads at a time; further checks wait their turn. */
const MOST_THREADS = 4;
/** ms that the checks of a task of many shards may take. */
const LONGEST_MS = 180_000;
const HEAP_MB = 192;

let free = MOST_THREADS;
const waiting: (() => void)[] = [];

/**
 * Runs the checks in a thread of their own: what the servers that are asked may do to it ends that thread, and nothing
 * else.
 * @throws TributaryError CHECK_DIED when the thread ends without a report; the signal's reason when it is aborted.
 */
export async function checkInThread(
  input: PrecheckInput,
  options: { readonly entry?: URL; readonly longestMs?: number } = {},
): Promise<PrecheckReport> {
  if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
  else free--;
  try {
    return await check(input, options.entry ?? ownEntry, options.longestMs ?? LONGEST_MS);
  } finally {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  }
}

async function check(input: PrecheckInput, entry: URL, longestMs: number): Promise<PrecheckReport> {
  const { signal, ...plain } = input;
  signal?.throwIfAborted();
  const worker = new Worker(entry, {
    workerData: plain,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    execArgv: compiled ? ["--enable-source-maps"] : [],
  });
  const end = () => void worker.terminate();
  signal?.addEventListener("abort", end, { once: true });
  const timer = setTimeout(end, longestMs);
  try {
    return await new Promise<PrecheckReport>((resolve, reject) => {
      let detail = "it did not come to an end";
      worker.once("message", resolve);
      worker.on("error", (error) => {
        detail = error instanceof Error ? error.message : String(error);
      });
      worker.once("exit", () => reject(new TributaryError("CHECK_DIED", { detail })));
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
    // It has said what it has to say; a connection that lingers is of no use.
    end();
  }
}
