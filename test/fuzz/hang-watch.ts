import { Worker } from "node:worker_threads";

/** ms without a step: no timer of this thread fires while it hangs, so another thread looks. */
const PATIENCE_MS = 60_000;

const program = `
const { workerData } = require("node:worker_threads");
const { writeSync } = require("node:fs");
const index = new Int32Array(workerData.shared);
let last = -1;
let since = Date.now();
setInterval(() => {
  const now = Atomics.load(index, 0);
  if (now !== last) {
    last = now;
    since = Date.now();
  } else if (Date.now() - since > workerData.patienceMs) {
    writeSync(2, workerData.message.replace("INDEX", String(now)) + "\\n");
    process.kill(process.pid, "SIGKILL");
  }
}, 1000);
`;

/** Ends this process with a message when an input takes a minute. */
export function watchForHang(messageOf: (index: string) => string): {
  at(index: number): void;
  stop(): void;
} {
  const shared = new SharedArrayBuffer(4);
  const index = new Int32Array(shared);
  const workerData = { shared, patienceMs: PATIENCE_MS, message: messageOf("INDEX") };
  const worker = new Worker(program, { eval: true, workerData });
  worker.unref();
  return {
    at: (now) => void Atomics.store(index, 0, now),
    stop: () => void worker.terminate(),
  };
}
