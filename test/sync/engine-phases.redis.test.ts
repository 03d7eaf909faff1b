import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { type RedisServer, startRedis, temporaryFolder, until } from "../servers/index.ts";
import { fillMixed } from "../traffic/fill-mixed.ts";
import { seededRandom } from "../traffic/seeded-random.ts";
import { TrafficWriter } from "../traffic/traffic-writer.ts";
import { seed } from "./check-property.ts";
import { EngineRun } from "./engine-run.ts";
import { expectUnion } from "./expect-union.ts";
import { rounds } from "./fault-rounds.ts";
import { after, type Direction, type Find } from "./proxy-trap.ts";
import { TcpProxy } from "./tcp-proxy.ts";

const random = seededRandom(seed);
const markHeader = /\$EOF:[\s\S]{40}\r\n/;

/** Two shards with traffic, the first of them behind a proxy, and a destination behind another one. */
async function underLoad() {
  const conf = { "repl-backlog-size": "256mb" };
  const shards = [await startRedis({ conf }), await startRedis({ conf })];
  const destination = await startRedis();
  const source = await TcpProxy.start(shards[0]!.port);
  const sink = await TcpProxy.start(destination.port);
  const writers: TrafficWriter[] = [];
  for (const [index, shard] of shards.entries()) {
    await fillMixed(shard.client, { keys: 3_000, seed: seed + index, prefix: `fill-${index}:` });
    const writer = new TrafficWriter(shard.client, {
      seed: seed + index,
      prefix: `${index}:`,
      through: "direct",
      commandsPerSecond: 1_000,
    });
    writers.push(writer.start());
  }
  const args = [
    ...["--shard", `redis://127.0.0.1:${source.port}`, "--shard", shards[1]!.url, "--skip-checks"],
    ...["--destination", `redis://127.0.0.1:${sink.port}`],
  ];
  const caughtUp = async (engine: EngineRun) => {
    for (const [index, shard] of shards.entries()) {
      await engine.caughtUp(`shard-${index + 1}`, shard.client, destination.client, 60_000);
    }
  };
  const stopWriting = async () => {
    for (const writer of writers) await writer.stop();
    for (const writer of writers) expect([...writer.errors]).toEqual([]);
  };
  return { shards, shard: shards[0]!, destination, source, sink, args, caughtUp, stopWriting, writers };
}

type World = Awaited<ReturnType<typeof underLoad>>;

/** A moment in the life of an engine, at which it is killed. */
type Phase = {
  readonly during: string;
  readonly where: "source" | "sink";
  readonly direction: Direction;
  /** Drawn anew for each kill. */
  readonly find: () => Find;
  /** What has to be so before the engine is started. */
  readonly before?: (world: World) => Promise<unknown>;
  readonly afterwards?: (world: World) => Promise<unknown>;
};

/** The next PSYNC is answered with an RDB, in which some keys are missing that the destination may have. */
async function forceFullSync({ shard }: World): Promise<void> {
  const keys = (await shard.client.keys("fill-0:*")).slice(0, 20);
  if (keys.length > 0) await shard.client.unlink(...keys);
  await shard.client.call("DEBUG", "CHANGE-REPL-ID");
}

const phases: readonly Phase[] = [
  {
    during: "the handshake",
    where: "source",
    direction: "up",
    find: () => after(["REPLCONF\r\n", "capa", "PSYNC", "PSYNC\r\n$"][random.int(4)]!),
  },
  {
    during: "the wait for a BGSAVE to begin",
    where: "source",
    direction: "down",
    // The newline that keeps a waiting replica alive.
    find: () => after("+PONG\r\n", "+OK\r\n", "\n"),
    before: async (world) => {
      await forceFullSync(world);
      await world.shard.client.config("SET", "repl-diskless-sync-delay", "60");
    },
    afterwards: ({ shard }) => shard.client.config("SET", "repl-diskless-sync-delay", "0"),
  },
  {
    during: "the wait for the end of a BGSAVE",
    where: "source",
    direction: "down",
    find: () => after(/\+FULLRESYNC [^\r]*\r\n/, "\n"),
    before: async (world) => {
      await forceFullSync(world);
      await world.shard.client.config("SET", "repl-diskless-sync", "no", "rdb-key-save-delay", "5000");
    },
    afterwards: async ({ shard }) => {
      await shard.client.config("SET", "repl-diskless-sync", "yes", "rdb-key-save-delay", "0");
    },
  },
  {
    during: "the transfer of the RDB",
    where: "source",
    direction: "down",
    find: () => after(markHeader, 1 + random.int(100_000)),
    before: forceFullSync,
  },
  {
    during: "the application of the RDB",
    where: "sink",
    direction: "up",
    find: () => after("RESTORE", 1 + random.int(100_000)),
    before: forceFullSync,
  },
  {
    during: "the removal of stale keys",
    where: "sink",
    direction: "up",
    find: () =>
      [after("watch\r\n"), after("multi\r\n", "unlink\r\n"), after("unlink\r\n", "exec\r\n")][random.int(3)]!,
    before: forceFullSync,
  },
  {
    during: "the first batch after the RDB",
    where: "sink",
    direction: "up",
    find: () => after("RESTORE", "MULTI\r\n", random.int(100)),
    before: forceFullSync,
  },
  {
    during: "the stream",
    where: "sink",
    direction: "up",
    find: () => after("MULTI\r\n", "EXEC\r\n", "MULTI\r\n", random.int(3_000)),
  },
  {
    during: "the answer to a batch",
    where: "sink",
    direction: "down",
    find: () => after("+QUEUED\r\n*", "+QUEUED\r\n*", -1),
  },
];

test("equals the union of the shards after a kill -9 in each phase of the engine's life", async () => {
  const world = await underLoad();
  const engine = new EngineRun(world.args, temporaryFolder());
  engine.start();
  await world.caughtUp(engine);
  await engine.kill();
  for (const phase of Array.from({ length: rounds(1) }, () => phases).flat()) {
    await phase.before?.(world);
    const proxy = world[phase.where];
    const trap = proxy.trap({ direction: phase.direction, find: phase.find(), act: "freeze" });
    engine.start();
    await until(() => trap.hits > 0, {
      what: `the engine is killed during ${phase.during}`,
      timeoutMs: 60_000,
    });
    // The other shard goes on meanwhile: where it is by then is random.
    await sleep(random.int(200));
    await engine.kill();
    proxy.cut();
    await phase.afterwards?.(world);
  }
  engine.start();
  await world.stopWriting();
  await world.caughtUp(engine);
  await engine.kill("SIGTERM");
  expect(await expectUnion(world.shards, world.destination)).toBeGreaterThan(6_000);
}, 240_000);

test("equals the union of the shards after kills -9 while the spool is written to disk", async () => {
  const world = await underLoad();
  const folder = temporaryFolder();
  const engine = new EngineRun(world.args, folder);
  for (let kill = 0; kill < rounds(2); kill++) {
    engine.start();
    await world.caughtUp(engine);
    // The destination hangs: what the shard writes waits in the engine, and past 16 MiB on its disk.
    world.sink.freeze({ newcomers: "silent" });
    await writeLarge(world.shard, async () => spooledBytes(join(folder, "spool")) > 0);
    await sleep(random.int(50));
    await engine.kill();
    world.sink.cut();
    world.sink.thaw();
  }
  engine.start();
  await world.stopWriting();
  await world.caughtUp(engine);
  await engine.kill("SIGTERM");
  await expectUnion(world.shards, world.destination);
}, 240_000);

test("of two engines for one task the first says that it is fenced off and ends, and nothing is applied twice", async () => {
  const world = await underLoad();
  const engines = [0, 1, 2].map(() => new EngineRun(world.args, temporaryFolder()));
  engines[0]!.start();
  await world.caughtUp(engines[0]!);
  for (const [index, engine] of engines.slice(1).entries()) {
    const before = engines[index]!;
    const written = world.writers[0]!.commands;
    await until(() => world.writers[0]!.commands > written + 200 + random.int(500), {
      what: "there is traffic",
    });
    engine.start();
    await until(() => before.exit !== null, { what: "the engine before has ended", timeoutMs: 60_000 });
    expect(before.exit).toBe("exit code 1");
    expect(await before.log()).toContain("Another engine has taken over");
    await world.caughtUp(engine);
    expect(engine.exit).toBeNull();
  }
  await world.stopWriting();
  await world.caughtUp(engines[2]!);
  await engines[2]!.kill("SIGTERM");
  await expectUnion(world.shards, world.destination);
  for (const shard of world.shards) expect(await shard.client.info("stats")).toMatch(/sync_full:1\r/);
}, 120_000);

/** Writes much, of which each part matters, until something has happened. */
async function writeLarge(shard: RedisServer, happened: () => Promise<boolean>): Promise<void> {
  for (let round = 0; round < 400 && !(await happened()); round++) {
    const pipeline = shard.client.pipeline();
    for (let n = 0; n < 20; n++) {
      const key = `0:large:${random.int(20)}`;
      pipeline.append(key, "x".repeat(1_000)).setrange(key, random.int(1_000), "y".repeat(9_000));
    }
    await pipeline.exec();
  }
  expect(await happened()).toBe(true);
}

function spooledBytes(folder: string): number {
  let sum = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.startsWith("stream")) continue;
    sum += statSync(join(entry.parentPath, entry.name)).size;
  }
  return sum;
}
