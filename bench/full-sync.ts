/**
 * `npm run bench:full-sync [-- --keys N --rounds N --shards N]`: a full synchronization by Redis's own REPLICAOF and
 * by Tributary, in turn, from the same source into an empty destination; what counts is the ratio. With
 * more than one shard Tributary has all of them at once into one destination, against the sum of REPLICAOFs.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { RedisServer } from "../test/servers/redis-server.ts";
import { fillMixed } from "../test/traffic/fill-mixed.ts";
import { median, type Row, report, round2 } from "./bench-report.ts";
import { BusyThread } from "./busy-thread.ts";
import { EngineProcess } from "./engine-process.ts";
import { replicate } from "./native-replica.ts";
import { cpuSecondsOf } from "./process-cpu.ts";

const { values } = parseArgs({
  options: {
    keys: { type: "string", default: "1000000" },
    rounds: { type: "string", default: "5" },
    shards: { type: "string", default: "1" },
  },
});
const keys = Number(values.keys);
const shardCount = Number(values.shards);
const folder = mkdtempSync(join(tmpdir(), "tributary-bench-"));
const shards: RedisServer[] = [];
try {
  for (let index = 0; index < shardCount; index++) {
    const shard = await RedisServer.start();
    shards.push(shard);
    await fillMixed(shard.client, { keys, seed: 20_260 + index, prefix: `s${index}:` });
  }
  const rows: Row[] = [];
  for (let round = 1; round <= Number(values.rounds); round++) {
    let native = 0;
    for (const shard of shards) {
      const replica = await RedisServer.start();
      native += await replicate(replica, shard);
      await replica.stop();
    }
    const destination = await RedisServer.start();
    const began = performance.now();
    const cpuBefore = cpuSecondsOf(destination.pid);
    const busy = new BusyThread(destination.pid);
    const engine = new EngineProcess(shards, destination, join(folder, String(round)), [
      "--until",
      "synchronizing",
      "--no-heartbeat",
    ]);
    const summary = await engine.summary;
    const whole = (performance.now() - began) / 1000;
    const destinationThread = busy.end();
    const copied = await destination.client.dbsize();
    if (copied < keys * shardCount) throw new Error(`only ${copied} keys were copied`);
    rows.push({
      round,
      "REPLICAOF s": round2(native / 1000),
      "Tributary s": round2(summary.seconds),
      ratio: round2(summary.seconds / (native / 1000)),
      "engine CPU s": round2(summary.cpuSeconds),
      "destination CPU s": round2(cpuSecondsOf(destination.pid) - cpuBefore),
      "destination ran %": destinationThread.ran,
      "had work %": destinationThread.hadWork,
      "at least %": destinationThread.hadWorkAtLeast,
      "engine MiB": Math.round(summary.peakMemoryBytes / 1024 ** 2),
      "process s": round2(whole),
    });
    await destination.stop();
  }
  report(`full-sync-${shardCount}x${keys}`, rows, {
    "median ratio": median(rows.map((row) => Number(row.ratio))),
    "median of destination had work %": median(rows.map((row) => Number(row["had work %"]))),
    "median engine MiB": median(rows.map((row) => Number(row["engine MiB"]))),
  });
} finally {
  for (const shard of shards) await shard.stop();
  rmSync(folder, { recursive: true, force: true });
}
