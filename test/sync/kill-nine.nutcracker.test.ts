import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { compareUnion, describeDifferences } from "../digest/compare-union.ts";
import { startNutcracker, startRedis, temporaryFolder, until } from "../servers/index.ts";
import { fillMixed } from "../traffic/fill-mixed.ts";
import { seededRandom } from "../traffic/seeded-random.ts";
import { TrafficWriter } from "../traffic/traffic-writer.ts";
import { EngineRun } from "./engine-run.ts";

const KEYS_PER_SHARD = 200_000;
const KILLS = 10;

test("equals the union of the shards after ten kill -9 of the engine under traffic, counters and lists included", async () => {
  const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`seed: ${seed}`);
  const random = seededRandom(seed);
  const shards = [await startRedis(), await startRedis()];
  const destination = await startRedis();
  const nutcracker = await startNutcracker({
    servers: shards.map((shard, index) => ({ port: shard.port, name: `alpha-${index + 1}` })),
  });
  for (const [index, shard] of shards.entries()) {
    await fillMixed(shard.client, { keys: KEYS_PER_SHARD, seed: seed + index, prefix: `fill-${index}:` });
  }
  const through = new TrafficWriter(nutcracker.client, { seed, commandsPerSecond: 4_000 }).start();
  const direct = shards.map((shard, index) =>
    new TrafficWriter(shard.client, {
      seed: seed + 10 + index,
      prefix: `direct-${index}:`,
      through: "direct",
      commandsPerSecond: 1_000,
    }).start(),
  );

  const engine = new EngineRun(
    ["--nutcracker", nutcracker.configFile, "--destination", destination.url],
    temporaryFolder(),
  );
  for (let kill = 0; kill < KILLS; kill++) {
    engine.start();
    // Some kills fall into the initial sync, most into the stream: the moment is what is random here.
    await sleep(300 + random.int(2_500));
    await engine.kill();
  }
  engine.start();
  for (const [index, shard] of shards.entries()) {
    await engine.caughtUp(`alpha-${index + 1}`, shard.client, destination.client);
  }
  await Promise.all([through, ...direct].map((writer) => writer.stop()));
  for (const [index, shard] of shards.entries()) {
    await engine.caughtUp(`alpha-${index + 1}`, shard.client, destination.client);
  }
  await engine.kill("SIGTERM");

  for (const writer of [through, ...direct]) {
    expect([...writer.errors], `errors of the writer with seed ${writer.seed}`).toEqual([]);
    expect(writer.commands).toBeGreaterThan(1_000);
  }
  const comparison = await compareUnion({
    shards: shards.map((shard) => shard.client),
    destination: destination.client,
  });
  expect(comparison.destinationKeys).toBeGreaterThan(2 * KEYS_PER_SHARD);
  expect(comparison.differences, describeDifferences(comparison)).toEqual([]);
  await until(async () => !String(await destination.client.client("LIST")).includes("tributary:"), {
    what: "the engine has left the destination",
    timeoutMs: 5_000,
  });
}, 240_000);
