import { randomBytes } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { type RedisServer, until } from "../../servers/index.ts";
import type { EngineRun } from "../harness/engine-run.ts";
import { engineWorld, forceFullSync, random } from "../harness/engine-world.ts";
import { rounds } from "../harness/fault-rounds.ts";
import { after } from "../harness/proxy-trap.ts";

/** Bytes of a segment's file that has been written to its end. */
const WHOLE = 2 * 1024 * 1024 + 24;
const WRITE_MS = 60_000;

test("equals the union of the shards after kills -9 within a write of the stream's spool", async () => {
  const world = await engineWorld();
  const engine = await world.runningEngine();
  for (let round = 0; round < rounds(2); round++) {
    if (engine.exit !== null) engine.start();
    await world.reached(engine);
    const before = await world.fullSyncs();
    // The destination hangs: what the shard writes waits in the engine, and past 16 MiB on its disk.
    world.sink.freeze({ newcomers: "silent" });
    const writing = writeLarge(world.shard, () => engine.exit !== null);
    await killWithinWrite(engine, "stream");
    await writing;
    world.sink.cut();
    world.sink.thaw();
    engine.start();
    await world.equal(engine, `kill ${round + 1}`);
    expect(await world.fullSyncs()).toEqual(before);
    world.write();
  }
  await world.rest();
}, 240_000);

test("equals the union of the shards after kills -9 within a write of the RDB's spool", async () => {
  const world = await engineWorld();
  // Past the 12 MiB that wait in memory, and not to be compressed.
  for (let n = 0; n < 160; n++) await world.shard.client.set(`0:large:${n}`, randomBytes(200_000));
  const engine = await world.runningEngine();
  for (let round = 0; round < rounds(2); round++) {
    await engine.kill();
    await forceFullSync(world);
    const loading = world.sink.trap({
      direction: "up",
      find: after("SETNAME\r\n$41\r\ntributary:engine-run:shard-1:", "RESTORE", random.int(10_000)),
      act: "freeze",
    });
    // As slow as a network, so that some of it is applied before the spool is written.
    world.source.shape.down = { bytesPerSecond: 40_000_000 };
    engine.start();
    await loading.sprung;
    await killWithinWrite(engine, "rdb");
    world.source.shape.down = {};
    world.source.cut();
    world.sink.cut();
    const before = await world.fullSyncs();
    engine.start();
    await world.equal(engine, `kill ${round + 1}`);
    expect(await world.fullSyncs()).toEqual([before[0]! + 1, before[1]]);
    world.write();
  }
  await world.rest();
}, 240_000);

/** Kills the engine when a file of its spool has begun and is not at its end, after one file more or less. */
async function killWithinWrite(engine: EngineRun, spool: "stream" | "rdb"): Promise<void> {
  const files = 1 + random.int(4);
  const deadline = performance.now() + WRITE_MS;
  let sizes: number[] = [];
  // A write takes a millisecond: `until` would look too seldom.
  while (sizes.length < files || sizes.every((size) => size >= WHOLE)) {
    if (performance.now() > deadline) throw new Error(`no write of the ${spool}'s spool was seen: ${sizes}`);
    await turn();
    sizes = sizesOf(engine.spoolDirectory, spool);
  }
  engine.signal("SIGKILL");
  await engine.kill();
}

function sizesOf(folder: string, spool: string): number[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.startsWith(`${spool}-`))
      .map((entry) => statSync(join(entry.parentPath, entry.name)).size);
  } catch {
    // It has been removed meanwhile.
    return [];
  }
}

/** The shard itself writes much, of which each part matters, until something has happened. */
async function writeLarge(shard: RedisServer, happened: () => boolean): Promise<void> {
  const script = `for i = 1, 100 do
    local key = KEYS[1] .. ':' .. (i % 20)
    redis.call('APPEND', key, ARGV[1] .. string.rep('x', 1000))
    redis.call('SETRANGE', key, i * 10, ARGV[1] .. string.rep('y', 9000))
  end`;
  let written = 0;
  await until(
    async () => {
      await shard.client.eval(script, 1, "0:large", `${written++},`);
      return happened();
    },
    { what: "the engine is killed", timeoutMs: WRITE_MS, everyMs: 1 },
  );
}
