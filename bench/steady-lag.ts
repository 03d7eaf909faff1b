/**
 * `npm run bench:steady-lag [-- --rate N --seconds N]`: a steady load of N commands/s on a source; how long a write
 * takes until it is applied, on a native replica and on Tributary's destination. A PUBLISH among the writes carries
 * the time at which it was sent; a subscriber of the other end has it when all before it is applied.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { RedisServer } from "../test/servers/redis-server.ts";
import { until } from "../test/servers/until.ts";
import { type Row, report, round2 } from "./bench-report.ts";
import { EngineProcess } from "./engine-process.ts";
import { replicate } from "./native-replica.ts";
import { cpuSecondsOf } from "./process-cpu.ts";

const { values } = parseArgs({
  options: { rate: { type: "string", default: "50000" }, seconds: { type: "string", default: "20" } },
});
const rate = Number(values.rate);
const seconds = Number(values.seconds);
/** ms between two writes of the load, each of which ends with a PUBLISH. */
const STEP_MS = 5;
const CHANNEL = "lag";

const folder = mkdtempSync(join(tmpdir(), "tributary-bench-"));
try {
  const native = await measure(async (source, destination) => {
    await replicate(destination, source);
    return null;
  });
  const ours = await measure(async (source, destination) => {
    const engine = new EngineProcess([source], destination, folder, []);
    await until(async () => (await destination.client.get("ready")) === "yes", {
      what: "the initial sync is done",
      timeoutMs: 60_000,
    });
    return engine;
  });
  report(
    `steady-lag-${rate}`,
    [
      { to: "native replica", ...native },
      { to: "Tributary", ...ours },
    ],
    {
      "p99 ms": ours["p99 ms"]!,
      "native p99 ms": native["p99 ms"]!,
    },
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measure(
  connectEnds: (source: RedisServer, destination: RedisServer) => Promise<EngineProcess | null>,
): Promise<Row> {
  const source = await RedisServer.start();
  const destination = await RedisServer.start();
  try {
    await source.client.set("ready", "yes");
    const engine = await connectEnds(source, destination);
    const lags: number[] = [];
    const subscriber = destination.client.duplicate();
    await subscriber.subscribe(CHANNEL);
    subscriber.on("message", (_, sentAt: string) => lags.push(performance.now() - Number(sentAt)));
    const socket = await open(source.port);
    // The first second warms both ends up.
    await load(socket, 1);
    lags.length = 0;
    const cpuBefore = engine === null ? 0 : cpuSecondsOf(engine.pid);
    const sent = await load(socket, seconds);
    await until(() => lags.length >= sent.markers, { what: "all marks have arrived", timeoutMs: 60_000 });
    const cpu = engine === null ? 0 : (cpuSecondsOf(engine.pid) - cpuBefore) / seconds;
    socket.destroy();
    subscriber.disconnect();
    await engine?.stop();
    lags.sort((a, b) => a - b);
    const percentile = (share: number) => round2(lags[Math.floor((lags.length - 1) * share)]!);
    return {
      "commands/s": Math.round(sent.commands / sent.seconds),
      marks: lags.length,
      "p50 ms": percentile(0.5),
      "p99 ms": percentile(0.99),
      "max ms": percentile(1),
      "engine % of a core": round2(cpu * 100),
    };
  } finally {
    await source.stop();
    await destination.stop();
  }
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    socket.once("error", reject);
    socket.once("connect", () => resolve(socket.resume()));
  });
}

/** SETs of keys of 16 bytes and values of 32, spread evenly; what a late timer has missed is made up for. */
async function load(
  socket: Socket,
  duration: number,
): Promise<{ commands: number; markers: number; seconds: number }> {
  const began = performance.now();
  let commands = 0;
  let markers = 0;
  while (performance.now() - began < duration * 1000) {
    const due = Math.min(duration, (performance.now() - began) / 1000) * rate;
    let text = "";
    while (commands < due) text += set(commands++);
    const now = performance.now().toFixed(3);
    text += `*3\r\n$7\r\nPUBLISH\r\n$${CHANNEL.length}\r\n${CHANNEL}\r\n$${now.length}\r\n${now}\r\n`;
    markers++;
    socket.write(text);
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
  return { commands, markers, seconds: (performance.now() - began) / 1000 };
}

function set(index: number): string {
  // A multiplicative walk over a million keys: neighbors are far apart, as in random order.
  const key = `key:${String((index * 7_919) % 1_000_000).padStart(12, "0")}`;
  return `*3\r\n$3\r\nSET\r\n$16\r\n${key}\r\n$32\r\n${"v".repeat(32)}\r\n`;
}
