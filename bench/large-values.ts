/**
 * `npm run bench:large-values [-- --scale N]`: a full synchronization of 2 GB, one hash of 500 MB and one string of
 * 200 MB among them; what counts is the engine's memory. `--scale 0.1` takes a tenth of all sizes.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { RedisServer } from "../test/servers/redis-server.ts";
import { seededRandom } from "../test/traffic/seeded-random.ts";
import { report, round2 } from "./bench-report.ts";
import { EngineProcess } from "./engine-process.ts";
import { replicate } from "./native-replica.ts";

const { values } = parseArgs({ options: { scale: { type: "string", default: "1" } } });
const scale = Number(values.scale);
const MB = 1_000_000;
const random = seededRandom(20_261);
/** Noise, so that neither LZF nor anything else makes it smaller. */
const noise = Buffer.from(Uint8Array.from({ length: 4 * MB }, () => random.int(256)));

const folder = mkdtempSync(join(tmpdir(), "tributary-bench-"));
const source = await RedisServer.start();
const replica = await RedisServer.start();
const destination = await RedisServer.start();
try {
  await fill();
  const native = await replicate(replica, source);
  await replica.stop();
  const engine = new EngineProcess([source], destination, folder, [
    "--until",
    "synchronizing",
    "--no-heartbeat",
  ]);
  const summary = await engine.summary;
  const missing = await different();
  report(
    "large-values",
    [
      {
        "REPLICAOF s": round2(native / 1000),
        "Tributary s": round2(summary.seconds),
        ratio: round2(summary.seconds / (native / 1000)),
        "engine CPU s": round2(summary.cpuSeconds),
        "engine MiB": Math.round(summary.peakMemoryBytes / 1024 ** 2),
        "keys that differ": missing,
      },
    ],
    { "engine MiB": Math.round(summary.peakMemoryBytes / 1024 ** 2) },
  );
} finally {
  await source.stop();
  await replica.stop();
  await destination.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** 500 MB in one hash, 200 MB in one string, the rest in keys of 100 KB, and of 10 MB. */
async function fill(): Promise<void> {
  const { client } = source;
  await inPages((500 * MB * scale) / 500, 2000, (pipeline, index) =>
    pipeline.hset("large:hash", `field:${index}`, piece(index, 500)),
  );
  const step = 4 * MB;
  for (let at = 0; at < 200 * MB * scale; at += step) {
    await client.append("large:string", noise.subarray(0, Math.min(step, 200 * MB * scale - at)));
  }
  await inPages((900 * MB * scale) / 100_000, 100, (pipeline, index) =>
    pipeline.set(`middle:${index}`, piece(index, 100_000)),
  );
  await inPages((400 * MB * scale) / 1_000, 2000, (pipeline, index) =>
    pipeline.set(`small:${index}`, piece(index, 1_000)),
  );
}

async function inPages(
  count: number,
  page: number,
  add: (pipeline: ReturnType<typeof source.client.pipeline>, index: number) => unknown,
): Promise<void> {
  for (let first = 0; first < count; first += page) {
    const pipeline = source.client.pipeline();
    for (let index = first; index < Math.min(count, first + page); index++) add(pipeline, index);
    for (const [error] of (await pipeline.exec()) ?? []) if (error !== null) throw error;
  }
}

function piece(index: number, length: number): Buffer {
  const start = (index * 7_919) % (noise.length - length);
  return noise.subarray(start, start + length);
}

/** Keys whose digest is another on the destination; both sides are small enough in number to ask for each. */
async function different(): Promise<number> {
  if ((await source.client.dbsize()) > (await destination.client.dbsize())) return Number.NaN;
  let found = 0;
  for (const key of ["large:hash", "large:string", "middle:0", "small:0"]) {
    const digest = (server: RedisServer) => server.client.call("DEBUG", "DIGEST-VALUE", key);
    const [a, b] = await Promise.all([digest(source), digest(destination)]);
    if (String(a) !== String(b)) found++;
  }
  return found;
}
