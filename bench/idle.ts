/**
 * `npm run bench:idle [-- --shards N --seconds N]`: what a task costs whose shards have nothing to say: the share of
 * one core that the engine takes while heartbeats, acknowledgements and INFO go on.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { RedisServer } from "../test/servers/redis-server.ts";
import { until } from "../test/servers/until.ts";
import { median, type Row, report, round2 } from "./bench-report.ts";
import { EngineProcess } from "./engine-process.ts";
import { cpuSecondsOf, peakMemoryOf } from "./process-cpu.ts";

const { values } = parseArgs({
  options: { shards: { type: "string", default: "16" }, seconds: { type: "string", default: "20" } },
});
const shardCount = Number(values.shards);
const seconds = Number(values.seconds);
const folder = mkdtempSync(join(tmpdir(), "tributary-bench-"));
const shards: RedisServer[] = [];
try {
  for (let index = 0; index < shardCount; index++) {
    const shard = await RedisServer.start({ args: ["--repl-diskless-sync-delay", "0"] });
    shards.push(shard);
    await shard.client.set(`ready:${index}`, "yes");
  }
  const destination = await RedisServer.start();
  const engine = new EngineProcess(shards, destination, folder, []);
  await until(async () => (await destination.client.dbsize()) >= shardCount + 1, {
    what: "all shards are synchronized",
    timeoutMs: 120_000,
  });
  // What starting up has left to be compiled and collected is not what idling costs.
  await pass(10);
  const rows: Row[] = [];
  for (let round = 1; round <= 3; round++) {
    const before = cpuSecondsOf(engine.pid);
    const began = performance.now();
    await pass(seconds);
    const elapsed = (performance.now() - began) / 1000;
    const share = (cpuSecondsOf(engine.pid) - before) / elapsed;
    rows.push({ round, "seconds measured": round2(elapsed), "% of a core": round2(share * 100) });
  }
  report(`idle-${shardCount}`, rows, {
    "median % of a core": median(rows.map((row) => Number(row["% of a core"]))),
    "engine MiB": Math.round(peakMemoryOf(engine.pid) / 1024 ** 2),
  });
  await engine.stop();
  await destination.stop();
} finally {
  for (const shard of shards) await shard.stop();
  rmSync(folder, { recursive: true, force: true });
}

function pass(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, count * 1000));
}
