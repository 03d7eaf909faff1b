import { parentPort } from "node:worker_threads";
import { EngineHost } from "./engine-host.ts";
import type { EngineCommand, EngineMessage } from "./engine-protocol.ts";

// The entry of a worker thread: carries the protocol between the thread's port and the host.
const port = parentPort;
if (port === null) throw new Error("engine-worker runs in a worker thread only");

const send = (message: EngineMessage) => port.postMessage(message);
const host = new EngineHost(send);

port.on("message", async (command: EngineCommand) => {
  await host.handle(command);
  // With its port closed nothing keeps the thread alive.
  if (command.type === "shutdown") port.close();
});
send({ type: "ready" });
