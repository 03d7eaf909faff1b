/**
 * `npm run bench:merging [-- --keys N --passes N --rounds N]`: what the ring costs. A pool of two shards, each with N/2 keys that
 * are its own, is copied and then written to (all keys anew in each pass, by pipelined SETs), once with `last-write`,
 * which asks no ring, and once with `owner-wins`, in turn. What counts is the engine's CPU of the one beside that of the other.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { KeyOwnership } from "../server/merge/key-ownership.ts";
import { encodeCommand } from "../server/redis/encode-command.ts";
import { RedisServer } from "../test/servers/redis-server.ts";
import { until } from "../test/servers/until.ts";
import { median, type Row, report, round2 } from "./bench-report.ts";
import { EngineProcess } from "./engine-process.ts";
import { cpuSecondsOf } from "./process-cpu.ts";

const { values } = parseArgs({
  options: {
    keys: { type: "string", default: "1000000" },
    passes: { type: "string", default: "4" },
    rounds: { type: "string", default: "5" },
  },
});
const keys = Number(values.keys);
const names = ["alpha", "beta"];
const folder = mkdtempSync(join(tmpdir(), "tributary-bench-"));
const shards: RedisServer[] = [];
try {
  for (const _ of names) shards.push(await RedisServer.start());
  const yml = join(folder, "nutcracker.yml");
  const servers = names.map((name, index) => `    - 127.0.0.1:${shards[index]!.port}:1 ${name}\n`);
  writeFileSync(
    yml,
    `pool:\n  listen: 127.0.0.1:1\n  redis: true\n  hash: fnv1a_64\n  servers:\n${servers.join("")}`,
  );
  const writes = writesOfOwners();
  await Promise.all(shards.map((shard, index) => send(shard.port, writes[index]!)));
  const rows: Row[] = [];
  for (let round = 1; round <= Number(values.rounds); round++) {
    const plain = await measure(yml, "last-write", writes, join(folder, `plain-${round}`));
    const owners = await measure(yml, "owner-wins", writes, join(folder, `owners-${round}`));
    rows.push({
      round,
      "initial sync, last-write CPU s": round2(plain.initial),
      "owner-wins CPU s": round2(owners.initial),
      "initial sync ratio": round2(owners.initial / plain.initial),
      "stream, last-write CPU s": round2(plain.stream),
      "owner-wins CPU s ": round2(owners.stream),
      "stream ratio": round2(owners.stream / plain.stream),
    });
  }
  report(`merging-${keys}`, rows, {
    "median initial sync ratio": median(rows.map((row) => Number(row["initial sync ratio"]))),
    "median stream ratio": median(rows.map((row) => Number(row["stream ratio"]))),
  });
} finally {
  for (const shard of shards) await shard.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** For each shard, SETs of its own keys: 16 bytes, with values of 32. */
function writesOfOwners(): Buffer[] {
  const servers = names.map((name, shardIndex) => ({ name, weight: 1, shardIndex }));
  const ring = { hash: "fnv1a_64", hashTag: null, distribution: "ketama", servers } as const;
  const ownership = KeyOwnership.of({ policy: "owner-wins", ring })!;
  const commands: Buffer[][] = names.map(() => []);
  const value = Buffer.alloc(32, "v");
  for (let index = 0; index < keys; index++) {
    const key = Buffer.from(`key:${String(index).padStart(12, "0")}`);
    commands[ownership.ownerOf(key)]!.push(encodeCommand(["SET", key, value]));
  }
  return commands.map((list) => Buffer.concat(list));
}

/** Resolves when the server has answered everything. */
function send(port: number, writes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ port, host: "127.0.0.1" });
    socket.on("error", reject);
    socket.on("data", (data) => {
      if (!data.toString("latin1").endsWith("+PONG\r\n")) return;
      socket.destroy();
      resolve();
    });
    socket.write(writes);
    socket.write(encodeCommand(["PING"]));
  });
}

async function measure(
  yml: string,
  policy: string,
  writes: readonly Buffer[],
  spool: string,
): Promise<{ initial: number; stream: number }> {
  const destination = await RedisServer.start();
  try {
    const more = ["--no-heartbeat", "--merge-policy", policy, "--id", "bench"];
    const engine = new EngineProcess(yml, destination, spool, more);
    const caughtUp = async () => {
      const hash = await destination.client.hgetall("tributary:checkpoint:bench");
      const offsets = await Promise.all(
        shards.map(async ({ client }) => BigInt(/master_repl_offset:(\d+)/.exec(await client.info())![1]!)),
      );
      return names.every((name, index) => BigInt(hash[name]?.split(" ")[2] ?? -1) >= offsets[index]!);
    };
    await until(caughtUp, { what: "the initial syncs are done", timeoutMs: 300_000, everyMs: 20 });
    const initial = cpuSecondsOf(engine.pid);
    // A short stream is measured more by the compiler's moods than by what a command costs.
    for (let pass = 0; pass < Number(values.passes); pass++)
      await Promise.all(shards.map((shard, index) => send(shard.port, writes[index]!)));
    await until(caughtUp, { what: "the writes are applied", timeoutMs: 300_000, everyMs: 20 });
    const stream = cpuSecondsOf(engine.pid) - initial;
    await engine.stop();
    return { initial, stream };
  } finally {
    await destination.stop();
  }
}
