import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { checkpointKey } from "../../../server/sync/checkpoint/own-keys.ts";
import { startRedis, until } from "../../servers/index.ts";
import { fillMixed } from "../../traffic/fill-mixed.ts";
import { seededRandom } from "../../traffic/seeded-random.ts";
import { seed } from "../harness/check-property.ts";
import { expectUnion } from "../harness/expect-union.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";
import { TwoShards, type TwoShardsOptions } from "../harness/two-shards.ts";

async function running(conf: Record<string, string> = {}, options: TwoShardsOptions = {}) {
  const destination = await startRedis({ conf });
  const proxy = await TcpProxy.start(destination.port);
  const task = await TwoShards.running(proxy, options);
  return { task, destination, proxy };
}

/** Every shard has noticed that its data is gone, and is copied again. */
async function copiedAgain(task: TwoShards): Promise<void> {
  await task.every("the loss is noticed", (sync) => sync.eventsOf("destination-data-lost").length > 0);
  await task.every("a new initial sync has begun", (sync) => (sync.latest?.initialSync?.attempt ?? 0) >= 2);
  await task.reach("synchronizing");
}

test("a destination that is killed with -9 and comes back with appendfsync everysec gets what it lost again", async () => {
  const { task, destination } = await running({ appendonly: "yes", appendfsync: "everysec" });
  const random = seededRandom(seed);
  for (let kill = 0; kill < 3; kill++) {
    // The moment is what is random here: no condition is awaited.
    await sleep(random.int(700));
    await destination.kill();
    await destination.restart();
    await task.move();
  }
  await task.expectEqual(destination);
  expect(task.reasons()).toContain("DESTINATION_LINK_LOST");
  expect(await task.fullSyncs()).toEqual([1, 1]);
});

test("a destination that comes back with an older RDB gets what it lost from the sources' backlogs", async () => {
  const { task, destination } = await running();
  await destination.client.save();
  await task.move(200);
  await destination.restart();
  await task.move();
  await task.expectEqual(destination);
  expect(await task.fullSyncs()).toEqual([1, 1]);
  expect(task.eventsOf("destination-data-lost")).toEqual([]);
});

test("a destination that comes back empty is noticed, said, and filled again by every shard", async () => {
  const { task, destination } = await running();
  await destination.restart();
  await copiedAgain(task);
  for (const sync of task.syncs) {
    expect(sync.eventsOf("destination-data-lost")[0]?.level).toBe("alert");
    expect(sync.latest?.initialSync?.why).toContain("lost");
  }
  expect(await task.expectEqual(destination)).toBeGreaterThan(3_000);
  expect(await task.fullSyncs()).toEqual([2, 2]);
});

test("a destination that comes back empty is left alone where the task says so, until it is started again", async () => {
  const { task, destination } = await running({}, { spec: { onDestinationDataLost: "stop" } });
  await destination.restart();
  await task.reach("failed");
  for (const sync of task.syncs) {
    expect(sync.latest?.reason).toMatchObject({ code: "DESTINATION_DATA_LOST", retried: false });
    expect(sync.eventsOf("destination-data-lost")[0]?.level).toBe("alert");
    await sync.ended();
  }
  // The checkpoint hash, and the entry among the tasks.
  expect(await destination.client.dbsize()).toBeLessThanOrEqual(2);
  expect(await task.fullSyncs()).toEqual([1, 1]);
  await task.stop();
  task.start();
  await task.reach("synchronizing");
  expect(await task.fullSyncs()).toEqual([2, 2]);
  expect(await task.expectEqual(destination)).toBeGreaterThan(3_000);
});

test("a destination that is flushed while it is connected is noticed at the next write, without a reconnect", async () => {
  const { task, destination } = await running();
  await destination.client.flushall();
  await copiedAgain(task);
  expect(await task.expectEqual(destination)).toBeGreaterThan(3_000);
  expect(await task.fullSyncs()).toEqual([2, 2]);
});

test("what was written between a flush of the destination and its being noticed is removed by the re-sync", async () => {
  const shard = await startRedis();
  const destination = await startRedis();
  const proxy = await TcpProxy.start(shard.port);
  await shard.client.rpush("list", "before the flush");
  const sync = new SyncForTest({ source: endpointAt(proxy), destination: endpointAt(destination) }).start();
  await sync.reaches("synchronizing");
  proxy.down = true;
  await destination.client.flushall();
  await shard.client.rpush("list", "after the flush");
  await until(() => sync.eventsOf("destination-data-lost").length > 0, { what: "the loss is noticed" });
  expect(await destination.client.lrange("list", 0, -1)).toEqual(["after the flush"]);
  await shard.client.del("list");
  proxy.down = false;
  await until(() => sync.latest?.initialSync?.attempt === 2, { what: "a new initial sync has begun" });
  await sync.reaches("synchronizing");
  await sync.caughtUp(shard.client, destination.client);
  await sync.stop();
  expect(await expectUnion([shard], destination)).toBe(0);
});

test("a destination that is flushed within the initial sync does not count as synchronized", async () => {
  const shard = await startRedis();
  await fillMixed(shard.client, { keys: 20_000, seed });
  const destination = await startRedis();
  const proxy = await TcpProxy.start(destination.port);
  proxy.shape.up = { bytesPerSecond: 500_000 };
  const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(proxy) }).start();
  await until(async () => (await destination.client.dbsize()) > 500, { what: "keys are written" });
  await destination.client.flushall();
  proxy.shape.up = {};
  await sync.reaches("synchronizing", 60_000);
  await sync.caughtUp(shard.client, destination.client);
  await sync.stop();
  expect(await expectUnion([shard], destination)).toBe(20_000);
}, 90_000);

test.each(["flushed", "without its checkpoint"])(
  "a destination that is %s while the engine is down is left alone where the task says so, until the user starts it",
  async (how) => {
    const { task, destination } = await running({}, { spec: { onDestinationDataLost: "stop" } });
    await task.stopWriting();
    await task.stop();
    if (how === "flushed") await destination.client.flushall();
    else await destination.client.del(checkpointKey("test"));
    const before = await destination.client.dbsize();
    for (const { spec } of task.syncs) {
      const again = new SyncForTest({ ...spec, expectCheckpoint: true }).start();
      await again.ended();
      expect(again.latest).toMatchObject({ status: "failed", reason: { code: "DESTINATION_DATA_LOST" } });
      expect(again.eventsOf("destination-data-lost")[0]?.level).toBe("alert");
      await again.stop();
    }
    expect(await destination.client.dbsize()).toBeLessThanOrEqual(before + 2);
    expect(await task.fullSyncs()).toEqual([1, 1]);
    task.start();
    await until(async () => String(await task.fullSyncs()) === "2,2", {
      what: "it is copied anew",
      timeoutMs: 20_000,
    });
    await task.reach("synchronizing");
    expect(await task.expectEqual(destination)).toBeGreaterThan(3_000);
  },
);

test("a checkpoint that a former engine writes after a flush is not gone on from", async () => {
  const { task, destination } = await running();
  await task.stopWriting();
  await task.stop();
  const key = checkpointKey("test");
  const checkpoints = await destination.client.hmget(key, "s0", "s1");
  await destination.client.flushall();
  await destination.client.hset(key, "s0", checkpoints[0]!, "s1", checkpoints[1]!);
  task.start();
  await task.every("the loss is noticed", (sync) => sync.eventsOf("destination-data-lost").length > 0);
  await task.reach("synchronizing");
  expect(await task.expectEqual(destination)).toBeGreaterThan(3_000);
  expect(await task.fullSyncs()).toEqual([2, 2]);
});

test("a destination that is flushed while it is connected is not taken for a good one after the next reconnect", async () => {
  const { task, destination, proxy } = await running();
  await destination.client.flushall();
  proxy.cut();
  await task.every("a new initial sync has begun", (sync) => (sync.latest?.initialSync?.attempt ?? 0) >= 2);
  await task.reach("synchronizing");
  await task.expectEqual(destination);
});
