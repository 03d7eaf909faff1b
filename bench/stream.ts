/**
 * `npm run bench:stream [-- --commands N --rounds N]`: N pipelined SETs on a source, and how long from the first
 * write until the last one is on a native replica, and on Tributary's destination; what counts is the ratio.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { RedisServer } from "../test/servers/redis-server.ts";
import { until } from "../test/servers/until.ts";
import { median, type Row, report } from "./bench-report.ts";
import { EngineProcess } from "./engine-process.ts";
import { replicate } from "./native-replica.ts";

const { values } = parseArgs({
  options: { commands: { type: "string", default: "1000000" }, rounds: { type: "string", default: "5" } },
});
const commands = Number(values.commands);
const folder = mkdtempSync(join(tmpdir(), "tributary-bench-"));
const rows: Row[] = [];
try {
  for (let round = 1; round <= Number(values.rounds); round++) {
    const native = await measure(async (source, destination) => {
      await replicate(destination, source);
      return null;
    });
    const ours = await measure(async (source, destination) => {
      const engine = new EngineProcess([source], destination, join(folder, String(round)), [
        "--no-heartbeat",
      ]);
      await until(async () => (await destination.client.get("ready")) === "yes", {
        what: "the initial sync is done",
        timeoutMs: 60_000,
      });
      return engine;
    });
    rows.push({
      round,
      "load s": ours.load,
      "replica s": native.applied,
      "Tributary s": ours.applied,
      ratio: Math.round((ours.applied / native.applied) * 100) / 100,
      "engine CPU s": ours.cpu,
      "engine MiB": ours.memory,
    });
  }
  report(`stream-${commands}`, rows, {
    "median ratio": median(rows.map((row) => Number(row.ratio))),
    "median engine MiB": median(rows.map((row) => Number(row["engine MiB"]))),
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measure(
  connect: (source: RedisServer, destination: RedisServer) => Promise<EngineProcess | null>,
): Promise<{ load: number; applied: number; cpu: number; memory: number }> {
  const source = await RedisServer.start();
  const destination = await RedisServer.start();
  try {
    await source.client.set("ready", "yes");
    const engine = await connect(source, destination);
    const began = performance.now();
    await load(source.port);
    await source.client.set("marker", "end");
    const loaded = performance.now() - began;
    await until(async () => (await destination.client.get("marker")) === "end", {
      what: "the last write has arrived",
      timeoutMs: 300_000,
      everyMs: 2,
    });
    const applied = performance.now() - began;
    const summary = await engine?.stop();
    return {
      load: Math.round(loaded) / 1000,
      applied: Math.round(applied) / 1000,
      cpu: Math.round((summary?.cpuSeconds ?? 0) * 100) / 100,
      memory: Math.round((summary?.peakMemoryBytes ?? 0) / 1024 ** 2),
    };
  } finally {
    await source.stop();
    await destination.stop();
  }
}

/** Random keys of 16 bytes, values of 32; 100 commands in each write. */
function load(port: number): Promise<void> {
  const args = [
    "-p",
    String(port),
    "-t",
    "set",
    "-n",
    String(commands),
    "-r",
    "1000000",
    "-d",
    "32",
    "-P",
    "100",
    "-q",
  ];
  return new Promise((resolve, reject) => {
    const child = spawn("redis-benchmark", args, { stdio: "ignore" });
    child.on("error", reject);
    child.on("exit", (code) =>
      code === 0 ? resolve() : reject(new Error(`redis-benchmark ended with ${code}`)),
    );
  });
}
