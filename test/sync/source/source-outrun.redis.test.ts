import { expect, test } from "vitest";
import { type RedisServer, startRedis, until } from "../../servers/index.ts";
import { fillMixed } from "../../traffic/fill-mixed.ts";
import { seededRandom } from "../../traffic/seeded-random.ts";
import { TrafficWriter } from "../../traffic/traffic-writer.ts";
import { seed } from "../harness/check-property.ts";
import { expectUnion } from "../harness/expect-union.ts";
import { rounds } from "../harness/fault-rounds.ts";
import { endpointAt } from "../harness/sync-for-test.ts";
import { syncsOfTask } from "../harness/syncs-of-task.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";

async function fullSyncs(shard: RedisServer): Promise<number> {
  return Number(/sync_full:(\d+)/.exec(await shard.client.info("stats"))![1]);
}

/** Two shards with traffic, each behind a proxy, into one destination. */
async function twoShards() {
  const shards: RedisServer[] = [];
  const proxies: TcpProxy[] = [];
  const destination = await startRedis();
  for (const index of [0, 1]) {
    const shard = await startRedis({
      conf: { "repl-backlog-size": "16kb", "repl-ping-replica-period": "1" },
    });
    await fillMixed(shard.client, { keys: 2_000, seed: seed + index, prefix: `fill-${index}:` });
    const proxy = await TcpProxy.start(shard.port);
    shards.push(shard);
    proxies.push(proxy);
  }
  const sources = proxies.map((proxy) => endpointAt(proxy));
  const syncs = syncsOfTask(sources, endpointAt(destination));
  for (const sync of syncs) sync.start();
  for (const sync of syncs) await sync.reaches("synchronizing");
  const write = () =>
    shards.map((shard, index) =>
      new TrafficWriter(shard.client, {
        seed: seed + index,
        prefix: `${index}:`,
        through: "direct",
        commandsPerSecond: 1_000,
      }).start(),
    );
  return { shards, proxies, syncs, destination, write };
}

test("a cut that outlasts the backlog ends in the truth: no list doubled, deleted keys gone, the other shard untouched", async () => {
  const { shards, proxies, syncs, destination, write } = await twoShards();
  const random = seededRandom(seed);
  const [cut, other] = [shards[0]!, shards[1]!];
  for (let round = 0; round < rounds(2); round++) {
    const writers = write();
    await until(() => writers.every((writer) => writer.commands > 500), { what: "there is traffic" });
    proxies[0]!.down = true;
    proxies[0]!.cut();
    await syncs[0]!.reaches("retrying");
    const gone = (await cut.client.keys("fill-0:*")).slice(0, 50 + random.int(100));
    await cut.client.unlink(...gone);
    const written = writers[0]!.commands;
    // The backlog holds a few hundred commands.
    await until(() => writers[0]!.commands > written + 2_000 + random.int(1_000), { what: "it is outrun" });
    const started = syncs[0]!.eventsOf("initial-sync-started").length;
    proxies[0]!.down = false;
    await until(() => syncs[0]!.eventsOf("initial-sync-started").length > started, {
      what: "a new initial sync has begun",
    });
    expect(syncs[0]!.latest?.initialSync?.why).toContain("its backlog no longer holds that offset");
    await syncs[0]!.reaches("synchronizing", 40_000);
    for (const writer of writers) await writer.stop();
    for (const writer of writers) expect([...writer.errors]).toEqual([]);
    for (const [index, sync] of syncs.entries()) {
      await sync.caughtUp(shards[index]!.client, destination.client);
    }
    expect(await destination.client.exists(...gone)).toBe(0);
    for (const sync of syncs) await sync.stop();
    await expectUnion(shards, destination);
    expect(await fullSyncs(cut)).toBe(round + 2);
    expect(await fullSyncs(other)).toBe(1);
    for (const sync of syncs) sync.start();
    for (const sync of syncs) await sync.reaches("synchronizing");
  }
  expect(syncs[0]!.eventsOf("stale-keys-removed").length).toBeGreaterThan(0);
  expect(syncs[1]!.eventsOf("stale-keys-removed")).toEqual([]);
}, 120_000);
