import { parentPort, workerData } from "node:worker_threads";
import type { PrecheckInput } from "../../precheck/precheck-input.ts";
import { runPrechecks } from "../../precheck/run-prechecks.ts";

// The entry of a thread that runs the checks once and ends.
parentPort?.postMessage(await runPrechecks(workerData as PrecheckInput));
parentPort?.close();
