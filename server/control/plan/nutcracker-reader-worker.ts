import { parentPort } from "node:worker_threads";
import { parseNutcrackerConfig } from "../../twemproxy/nutcracker-config.ts";
import type { NutcrackerAnswer, NutcrackerQuestion } from "./nutcracker-reader-protocol.ts";

// The entry of the thread that reads nutcracker.yml: one question, one answer.
const port = parentPort;
if (port === null) throw new Error("nutcracker-reader-worker runs in a worker thread only");

port.on("message", ({ id, text }: NutcrackerQuestion) => {
  port.postMessage({ began: id });
  port.postMessage({ id, config: parseNutcrackerConfig(text) } satisfies NutcrackerAnswer);
});
