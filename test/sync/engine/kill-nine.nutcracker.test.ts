import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { compareUnion, describeDifferences } from "../../digest/compare-union.ts";
import { expireAllDue } from "../../servers/expire-all-due.ts";
import { startNutcracker, startRedis, temporaryFolder, until } from "../../servers/index.ts";
import { fillMixed } from "../../traffic/fill-mixed.ts";
import { seededRandom } from "../../traffic/seeded-random.ts";
import { TrafficWriter } from "../../traffic/traffic-writer.ts";
import { seed } from "../harness/check-property.ts";
import { EngineRun } from "../harness/engine-run.ts";
import { fullSyncsOf } from "../harness/engine-world.ts";
import { rounds } from "../harness/fault-rounds.ts";

/** The soak kills it at further moments. */
const KILLS = rounds(4);

test.each([
  { when: "from its first start on", keysPerShard: 60_000, synchronizing: false },
  { when: "once it synchronizes", keysPerShard: 20_000, synchronizing: true },
])(
  "equals the union of the shards after several kill -9 of the engine $when, counters and lists included",
  async ({ keysPerShard, synchronizing }) => {
    const random = seededRandom(seed);
    const conf = { "repl-backlog-size": synchronizing ? "64mb" : "1mb" };
    const shards = [await startRedis({ conf }), await startRedis({ conf })];
    const destination = await startRedis();
    const nutcracker = await startNutcracker({
      servers: shards.map((shard, index) => ({ port: shard.port, name: `alpha-${index + 1}` })),
    });
    for (const [index, shard] of shards.entries()) {
      await fillMixed(shard.client, { keys: keysPerShard, seed: seed + index, prefix: `fill-${index}:` });
    }
    const through = new TrafficWriter(nutcracker.client, {
      seed,
      commandsPerSecond: 4_000,
    }).start();
    const direct = shards.map((shard, index) =>
      new TrafficWriter(shard.client, {
        seed: seed + 10 + index,
        prefix: `direct-${index}:`,
        through: "direct",
        commandsPerSecond: 300,
      }).start(),
    );
    const writers = [through, ...direct];
    const engine = new EngineRun(
      ["--nutcracker", nutcracker.configFile, "--destination", destination.url],
      temporaryFolder(),
    );
    const caughtUp = async () => {
      for (const [index, shard] of shards.entries()) {
        await engine.caughtUp(`alpha-${index + 1}`, shard.client, destination.client);
      }
    };

    engine.start();
    if (synchronizing) await caughtUp();
    const fullSyncs = await Promise.all(shards.map(fullSyncsOf));
    for (let kill = 0; kill < KILLS; kill++) {
      if (kill > 0) engine.start();
      // The moment is what is random here: no condition is awaited.
      await sleep(300 + random.int(1_500));
      await engine.kill();
    }
    engine.start();
    await caughtUp();
    await Promise.all(writers.map((writer) => writer.stop()));
    await caughtUp();
    for (const shard of shards) await expireAllDue(shard.client);
    await caughtUp();
    await engine.drain();

    for (const writer of writers) {
      expect([...writer.errors], `errors of the writer with seed ${writer.seed}`).toEqual([]);
      expect(writer.commands).toBeGreaterThan(1_000);
    }
    const comparison = await compareUnion({
      shards: shards.map((shard) => shard.client),
      destination: destination.client,
    });
    expect(comparison.destinationKeys).toBeGreaterThan(2 * keysPerShard);
    expect(comparison.differences, describeDifferences(comparison)).toEqual([]);
    // A full sync would have put right what a kill had spoilt.
    if (synchronizing) expect(await Promise.all(shards.map(fullSyncsOf))).toEqual(fullSyncs);
    await until(async () => !String(await destination.client.client("LIST")).includes("tributary:"), {
      what: "the engine has left the destination",
      timeoutMs: 5_000,
    });
  },
  480_000,
);
