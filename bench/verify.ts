/**
 * `npm run bench:verify [-- --keys N --rounds N]`: a full verification of mixed keys over two shards, against a plain
 * pipelined SCAN + DUMP of both sides with ioredis, in turn in the same run; what counts is the ratio. Beside it: the
 * memory of the verifying process, and the latency of a client of the servers with and without it.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Redis } from "ioredis";
import { RedisServer } from "../test/servers/redis-server.ts";
import { fillMixed } from "../test/traffic/fill-mixed.ts";
import { median, type Row, report, round2 } from "./bench-report.ts";
import { EngineProcess } from "./engine-process.ts";

const { values } = parseArgs({
  options: { keys: { type: "string", default: "1000000" }, rounds: { type: "string", default: "3" } },
});
const keys = Number(values.keys);
/** Commands of the client each second. */
const CLIENT_RATE = 5000;
const QUIET_MS = 5000;
const folder = mkdtempSync(join(tmpdir(), "tributary-bench-"));
const servers: RedisServer[] = [];

/** What anyone would write: SCAN, DUMP on both sides, compare. @returns ms. */
async function plainScan(shards: readonly Redis[], destination: Redis): Promise<number> {
  const began = performance.now();
  let compared = 0;
  const scan = async (shard: Redis) => {
    let cursor = "0";
    do {
      const [next, page] = await shard.scanBuffer(cursor, "COUNT", 500);
      cursor = next.toString();
      const [here, there] = await Promise.all(
        [shard, destination].map(async (client) => {
          const pipeline = client.pipeline();
          for (const key of page) pipeline.dumpBuffer(key);
          return (await pipeline.exec())!;
        }),
      );
      for (const index of page.keys()) {
        const [one, other] = [here![index]![1] as Buffer, there![index]![1] as Buffer];
        if (one.equals(other)) compared++;
      }
    } while (cursor !== "0");
  };
  await Promise.all(shards.map(scan));
  const ms = performance.now() - began;
  console.log(`plain: ${compared} equal by their bytes in ${Math.round(ms)} ms`);
  return ms;
}

/** The verification in a process of its own. */
async function verify(shards: readonly RedisServer[], destination: RedisServer) {
  const program = join(import.meta.dirname, "..", "dist", "server", "cli", "verify.js");
  const args = ["--id", "bench", "--json", ...shards.flatMap(({ url }) => ["--shard", url])];
  const began = performance.now();
  const child = spawn(process.execPath, [program, ...args, "--destination", destination.url], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let peak = 0;
  const watch = setInterval(() => {
    const status = readFileSync(`/proc/${child.pid}/status`, "latin1");
    peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
  }, 100);
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  await new Promise((ended) => child.once("close", ended));
  clearInterval(watch);
  const verdict = JSON.parse(text);
  if (verdict.outcome !== "equal") throw new Error(verdict.sentence);
  console.log(verdict.sentence);
  return { processMs: performance.now() - began, ms: verdict.finishedAt - verdict.startedAt, peak };
}

/** Sends GETs at a steady rate until it is told to stop. */
class Client {
  readonly #redis: Redis;
  readonly #latencies: number[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(server: RedisServer) {
    this.#redis = server.client.duplicate();
    let due = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      for (; due < now; due += 1000 / CLIENT_RATE) {
        const began = performance.now();
        void this.#redis.get("client").then(() => this.#latencies.push(performance.now() - began));
      }
    }, 1);
  }

  /** @returns ms. */
  stop(): number {
    clearInterval(this.#timer);
    this.#redis.disconnect();
    const sorted = this.#latencies.sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length * 0.99)] ?? 0;
  }
}

try {
  const shards = [await RedisServer.start(), await RedisServer.start()];
  const destination = await RedisServer.start();
  servers.push(...shards, destination);
  for (const [index, { client }] of shards.entries())
    await fillMixed(client, { keys: keys / 2, seed: 30_260 + index, prefix: `s${index}:` });
  const until = ["--until", "synchronizing", "--no-heartbeat", "--id", "bench"];
  await new EngineProcess(shards, destination, folder, until).summary;
  const clients = shards.map(({ client }) => client);
  const rows: Row[] = [];
  for (let round = 1; round <= Number(values.rounds); round++) {
    const plain = await plainScan(clients, destination.client);
    const verified = await verify(shards, destination);
    const quiet = [new Client(shards[0]!), new Client(destination)];
    await new Promise((wake) => setTimeout(wake, QUIET_MS));
    const without = quiet.map((client) => client.stop());
    const beside = [new Client(shards[0]!), new Client(destination)];
    await verify(shards, destination);
    const withIt = beside.map((client) => client.stop());
    rows.push({
      round,
      "plain s": round2(plain / 1000),
      "verify s": round2(verified.ms / 1000),
      ratio: round2(verified.ms / plain),
      "process s": round2(verified.processMs / 1000),
      "peak MiB": Math.round(verified.peak),
      "p99 shard ms": round2(without[0]!),
      "with verify": round2(withIt[0]!),
      "p99 destination ms": round2(without[1]!),
      "with verify too": round2(withIt[1]!),
    });
  }
  report(`verify-${keys}`, rows, {
    "median ratio": median(rows.map((row) => Number(row.ratio))),
    "median peak MiB": median(rows.map((row) => Number(row["peak MiB"]))),
  });
} finally {
  for (const server of servers) await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
