import { expect, test } from "vitest";
import { checkpointKey } from "../../../server/sync/checkpoint/own-keys.ts";
import { startRedis, until } from "../../servers/index.ts";
import { fillMixed } from "../../traffic/fill-mixed.ts";
import { seededRandom } from "../../traffic/seeded-random.ts";
import { seed } from "../harness/check-property.ts";
import { expectUnion } from "../harness/expect-union.ts";
import { after } from "../harness/proxy-trap.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";
import { TwoShards, type TwoShardsOptions } from "../harness/two-shards.ts";

async function running(options: TwoShardsOptions = {}) {
  const destination = await startRedis();
  const proxy = await TcpProxy.start(destination.port);
  const task = await TwoShards.running(proxy, options);
  return { task, destination, proxy };
}

test("a cutover whose last answer is lost is over: no initial sync is written after it", async () => {
  const { task, destination, proxy } = await running();
  await task.stopWriting();
  const [first, second] = task.syncs as [SyncForTest, SyncForTest];
  for (const [index, sync] of task.syncs.entries()) {
    await sync.caughtUp(task.shards[index]!.client, destination.client);
  }
  const forgets = /\r\nhdel\r\n[^*]*\r\ns0:epoch\r\n[^*]*s0:shaded\r\n/i;
  const trap = proxy.trap({ direction: "up", find: after(forgets), act: "cut" });
  const cut = trap.sprung.then(() =>
    destination.client.hdel(checkpointKey("test"), "s0", "s0:epoch", "s0:shaded"),
  );
  await first.stop({ forgetCheckpoint: true });
  expect(trap.hits).toBe(1);
  await cut;
  await second.stop({ forgetCheckpoint: true });
  expect(task.eventsOf("destination-data-lost")).toEqual([]);
  expect(task.eventsOf("cutover-incomplete")).toEqual([]);
  expect(await task.fullSyncs()).toEqual([1, 1]);
  expect(await destination.client.keys("tributary:*")).toEqual([]);
  await expectUnion(task.shards, destination);
}, 90_000);

test("a destination without memory is waited for, with the reason, and nothing is lost", async () => {
  const { task, destination } = await running();
  await destination.client.config("SET", "maxmemory", "1mb");
  await task.every("it is full", (sync) => sync.latest?.reason?.code === "DESTINATION_FULL");
  await task.every("the lag grows", (sync) => (sync.latest?.lag.bytes ?? 0) > 10_000);
  await destination.client.config("SET", "maxmemory", "0");
  await task.reach("synchronizing");
  await task.expectEqual(destination);
  expect(task.refused()).toEqual([]);
});

test("a destination without memory is waited for in the initial sync", async () => {
  const shard = await startRedis();
  await fillMixed(shard.client, { keys: 3_000, seed });
  const destination = await startRedis({ conf: { maxmemory: "1300kb" } });
  const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(destination) }).start();
  await sync.reaches("retrying");
  expect(sync.latest?.reason?.code).toBe("DESTINATION_FULL");
  await destination.client.config("SET", "maxmemory", "0");
  await sync.reaches("synchronizing");
  await sync.stop();
  expect(await expectUnion([shard], destination)).toBe(3_000);
});

test("a destination that is turned read-only and back is waited for, with the reason, and nothing is lost", async () => {
  const { task, destination } = await running();
  await destination.client.replicaof("127.0.0.1", 1);
  await task.every("it is read-only", (sync) => sync.latest?.reason?.code === "DESTINATION_READONLY");
  await destination.client.replicaof("NO", "ONE");
  await task.reach("synchronizing");
  await task.expectEqual(destination);
});

test("a destination whose user loses a permission is waited for, with the reason, and nothing is lost", async () => {
  const { task, destination } = await running();
  await destination.client.call("ACL", "SETUSER", "default", "-rpush");
  await task.every("it is denied", (sync) => sync.latest?.reason?.code === "DESTINATION_DENIED");
  await destination.client.call("ACL", "SETUSER", "default", "+rpush");
  await task.reach("synchronizing");
  await task.expectEqual(destination);
  expect(task.refused()).toEqual([]);
});

test("a destination that hangs is noticed, said, and loses and doubles nothing when it goes on", async () => {
  const limits = { destinationSilenceMs: 1_000, openMs: 1_000, commandMs: 1_000 };
  const { task, destination } = await running({ limits });
  for (let pause = 0; pause < 2; pause++) {
    process.kill(destination.pid, "SIGSTOP");
    await task.every("connecting has been given up too", ({ latest }) => {
      return latest?.status === "retrying" && latest.reason?.code === "CONNECT_TIMEOUT";
    });
    process.kill(destination.pid, "SIGCONT");
    await task.reach("synchronizing");
    await task.move();
  }
  await task.expectEqual(destination);
  expect(task.reasons()).toContain("DESTINATION_SILENT");
});

test("survives CLIENT KILL of all its connections, again and again", async () => {
  const { task, destination } = await running();
  for (let kill = 0; kill < 5; kill++) {
    await destination.client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    await task.move();
  }
  await task.expectEqual(destination);
  expect(task.reasons()).toContain("DESTINATION_LINK_LOST");
});

test("a connection that breaks at any byte loses and doubles nothing", async () => {
  const { task, destination, proxy } = await running();
  const random = seededRandom(seed);
  // Enough for a connection to be opened most times: what fails at its start is tried again ever more slowly.
  proxy.lifeOf = () => (random.oneIn(10) ? 1 + random.int(1_500) : 5_000 + random.int(60_000));
  proxy.cut();
  await until(() => proxy.broken > 50, { what: "50 connections are broken", timeoutMs: 40_000 });
  proxy.lifeOf = () => null;
  proxy.cut();
  await task.move();
  await task.expectEqual(destination);
}, 90_000);

test("a connection that breaks at any byte of the initial sync loses and doubles nothing", async () => {
  const shard = await startRedis();
  await fillMixed(shard.client, { keys: 20_000, seed });
  const destination = await startRedis();
  const proxy = await TcpProxy.start(destination.port);
  const random = seededRandom(seed);
  proxy.lifeOf = () => (proxy.accepted > 14 ? null : 3_000 + random.int(400_000));
  const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(proxy) }).start();
  await sync.reaches("synchronizing", 60_000);
  expect(proxy.broken).toBeGreaterThan(2);
  await sync.stop();
  expect(await expectUnion([shard], destination)).toBe(20_000);
  expect(/sync_full:(\d+)/.exec(await shard.client.info("stats"))?.[1]).toBe("1");
}, 90_000);

test("a destination that is not there at the start is waited for", async () => {
  const shard = await startRedis();
  await shard.client.set("key", "value");
  const destination = await startRedis();
  await destination.kill();
  const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(destination) }).start();
  await sync.reaches("retrying");
  expect(sync.latest?.reason?.code).toBe("CONNECT_REFUSED");
  await destination.restart();
  await sync.reaches("synchronizing");
  expect(await destination.client.get("key")).toBe("value");
});
