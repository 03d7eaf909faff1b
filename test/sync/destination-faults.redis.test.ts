import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { checkpointKey } from "../../server/sync/own-keys.ts";
import type { ShardSyncSpec } from "../../server/sync/shard-sync-spec.ts";
import type { SyncLimits } from "../../server/sync/sync-limits.ts";
import { type RedisServer, startRedis, until } from "../servers/index.ts";
import { fillMixed } from "../traffic/fill-mixed.ts";
import { seededRandom } from "../traffic/seeded-random.ts";
import { TrafficWriter } from "../traffic/traffic-writer.ts";
import { seed } from "./check-property.ts";
import { expectUnion } from "./expect-union.ts";
import { after } from "./proxy-trap.ts";
import { endpointAt, SyncForTest } from "./sync-for-test.ts";
import { TcpProxy } from "./tcp-proxy.ts";

/** A shard with data and a writer, a destination, and a sync of them that has finished its initial sync. */
async function running(
  conf: Record<string, string> = {},
  limits: Partial<SyncLimits> = {},
  spec: Partial<ShardSyncSpec> = {},
) {
  const shard = await startRedis({ conf: { "repl-backlog-size": "64mb" } });
  const destination = await startRedis({ conf });
  await fillMixed(shard.client, { keys: 3_000, seed });
  const proxy = await TcpProxy.start(destination.port);
  const sync = new SyncForTest(
    { source: endpointAt(shard), destination: endpointAt(proxy), ...spec },
    limits,
  ).start();
  await sync.reaches("synchronizing");
  const writer = new TrafficWriter(shard.client, {
    seed,
    through: "direct",
    commandsPerSecond: 2_000,
  }).start();
  const equal = async () => {
    await writer.stop();
    expect([...writer.errors]).toEqual([]);
    await sync.caughtUp(shard.client, destination.client);
    await sync.stop();
    return await expectUnion([shard], destination);
  };
  const moves = async () => {
    const before = sync.latest?.stream?.commandsApplied ?? 0;
    await until(() => (sync.latest?.stream?.commandsApplied ?? 0) > before + 200, {
      what: "commands are applied",
      timeoutMs: 20_000,
    });
  };
  await moves();
  return { shard, destination, proxy, sync, writer, equal, moves };
}

async function fullSyncs(shard: RedisServer): Promise<number> {
  return Number(/sync_full:(\d+)/.exec(await shard.client.info("stats"))![1]);
}

test("a destination that is killed with -9 and comes back with appendfsync everysec gets what it lost again", async () => {
  const { shard, destination, sync, equal, moves } = await running({
    appendonly: "yes",
    appendfsync: "everysec",
  });
  const random = seededRandom(seed);
  for (let kill = 0; kill < 3; kill++) {
    // The moment is what is random here: no condition is awaited.
    await sleep(random.int(700));
    await destination.kill();
    await destination.restart();
    await moves();
  }
  await equal();
  expect(sync.reasons).toContain("DESTINATION_LINK_LOST");
  expect(await fullSyncs(shard)).toBe(1);
});

test("a destination that comes back with an older RDB gets what it lost from the source's backlog", async () => {
  const { shard, destination, sync, equal, moves } = await running();
  await destination.client.save();
  await moves();
  await moves();
  await destination.restart();
  await moves();
  await equal();
  expect(await fullSyncs(shard)).toBe(1);
  expect(sync.eventsOf("destination-data-lost")).toEqual([]);
});

test("a destination that comes back empty is noticed, said, and filled again", async () => {
  const { shard, destination, sync, equal } = await running();
  await destination.restart();
  await until(() => sync.eventsOf("destination-data-lost").length > 0, { what: "the loss is noticed" });
  expect(sync.eventsOf("destination-data-lost")[0]?.level).toBe("alert");
  await until(() => sync.latest?.initialSync?.attempt === 2, { what: "a new initial sync has begun" });
  expect(sync.latest?.initialSync?.why).toContain("lost");
  await sync.reaches("synchronizing");
  expect(await equal()).toBeGreaterThan(3_000);
  expect(await fullSyncs(shard)).toBe(2);
});

test("a destination that comes back empty is left alone where the task says so, until it is started again", async () => {
  const { shard, destination, sync, equal } = await running({}, {}, { onDestinationDataLost: "stop" });
  await destination.restart();
  await sync.reaches("failed", 30_000);
  expect(sync.latest?.reason).toMatchObject({ code: "DESTINATION_DATA_LOST", retried: false });
  expect(sync.eventsOf("destination-data-lost")[0]?.level).toBe("alert");
  await sync.ended();
  expect(await destination.client.dbsize()).toBeLessThanOrEqual(1);
  expect(await fullSyncs(shard)).toBe(1);
  await sync.stop();
  sync.start();
  await sync.reaches("synchronizing", 30_000);
  expect(await fullSyncs(shard)).toBe(2);
  expect(await equal()).toBeGreaterThan(3_000);
});

test("a destination that is flushed while it is connected is noticed at the next write, without a reconnect", async () => {
  const { shard, destination, sync, equal } = await running();
  await destination.client.flushall();
  await until(() => sync.eventsOf("destination-data-lost").length > 0, { what: "the loss is noticed" });
  await until(() => sync.latest?.initialSync?.attempt === 2, { what: "a new initial sync has begun" });
  await sync.reaches("synchronizing");
  expect(await equal()).toBeGreaterThan(3_000);
  expect(await fullSyncs(shard)).toBe(2);
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

test("a destination that is flushed within the initial sync does not count as synchronised", async () => {
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
    const { shard, destination, sync, writer, equal } = await running(
      {},
      {},
      { onDestinationDataLost: "stop" },
    );
    await writer.stop();
    await sync.stop();
    if (how === "flushed") await destination.client.flushall();
    else await destination.client.del(checkpointKey("test"));
    const before = await destination.client.dbsize();
    const again = new SyncForTest({ ...sync.spec, expectCheckpoint: true }).start();
    await again.ended();
    expect(again.latest).toMatchObject({ status: "failed", reason: { code: "DESTINATION_DATA_LOST" } });
    expect(again.eventsOf("destination-data-lost")[0]?.level).toBe("alert");
    expect(await destination.client.dbsize()).toBeLessThanOrEqual(before + 1);
    expect(await fullSyncs(shard)).toBe(1);
    await again.stop();
    sync.start();
    await until(async () => (await fullSyncs(shard)) === 2, { what: "it is copied anew", timeoutMs: 20_000 });
    await sync.reaches("synchronizing", 30_000);
    expect(await equal()).toBeGreaterThan(3_000);
  },
);

test("a checkpoint that a former engine writes after a flush is not gone on from", async () => {
  const { shard, destination, sync, writer, equal } = await running();
  await writer.stop();
  await sync.stop();
  const key = checkpointKey("test");
  const checkpoint = (await destination.client.hget(key, "s0"))!;
  await destination.client.flushall();
  await destination.client.hset(key, "s0", checkpoint);
  sync.start();
  await until(() => sync.eventsOf("destination-data-lost").length > 0, { what: "the loss is noticed" });
  await sync.reaches("synchronizing", 30_000);
  expect(await equal()).toBeGreaterThan(3_000);
  expect(await fullSyncs(shard)).toBe(2);
});

test("a cutover whose last answer is lost is over: no initial sync is written after it", async () => {
  const { shard, destination, proxy, sync, writer } = await running();
  await writer.stop();
  await sync.caughtUp(shard.client, destination.client);
  const forgets = /\r\nhdel\r\n[^*]*\r\ns0:epoch\r\n[^*]*s0:shaded\r\n/i;
  const trap = proxy.trap({ direction: "up", find: after(forgets), act: "cut" });
  const cut = trap.sprung.then(() =>
    destination.client.hdel(checkpointKey("test"), "s0", "s0:epoch", "s0:shaded"),
  );
  await sync.stop({ forgetCheckpoint: true });
  expect(trap.hits).toBe(1);
  await cut;
  expect(sync.eventsOf("destination-data-lost")).toEqual([]);
  expect(sync.eventsOf("cutover-incomplete")).toEqual([]);
  expect(await fullSyncs(shard)).toBe(1);
  expect(await destination.client.keys("tributary:*")).toEqual([]);
  await expectUnion([shard], destination);
}, 90_000);

test("a destination that is flushed while it is connected is not taken for a good one after the next reconnect", async () => {
  const { destination, proxy, sync, equal } = await running();
  await destination.client.flushall();
  proxy.cut();
  await until(() => sync.latest?.initialSync?.attempt === 2 || sync.latest?.status === "failed", {
    what: "a new initial sync has begun",
    timeoutMs: 20_000,
  }).catch(() => {});
  await sync.reaches("synchronizing");
  await equal();
});

test("a destination without memory is waited for, with the reason, and nothing is lost", async () => {
  const { destination, sync, equal } = await running();
  await destination.client.config("SET", "maxmemory", "1mb");
  await sync.reaches("retrying");
  expect(sync.latest?.reason?.code).toBe("DESTINATION_FULL");
  await until(() => (sync.latest?.lag.bytes ?? 0) > 10_000, { what: "the lag grows" });
  await destination.client.config("SET", "maxmemory", "0");
  await sync.reaches("synchronizing");
  await equal();
  expect(sync.refused()).toEqual([]);
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
  const { destination, sync, equal } = await running();
  await destination.client.replicaof("127.0.0.1", 1);
  await sync.reaches("retrying");
  expect(sync.latest?.reason?.code).toBe("DESTINATION_READONLY");
  await destination.client.replicaof("NO", "ONE");
  await sync.reaches("synchronizing");
  await equal();
});

test("a destination whose user loses a permission is waited for, with the reason, and nothing is lost", async () => {
  const { destination, sync, equal } = await running();
  await destination.client.call("ACL", "SETUSER", "default", "-rpush");
  await sync.reaches("retrying");
  expect(sync.latest?.reason?.code).toBe("DESTINATION_DENIED");
  await destination.client.call("ACL", "SETUSER", "default", "+rpush");
  await sync.reaches("synchronizing");
  await equal();
});

test("a destination that hangs is noticed, said, and loses and doubles nothing when it goes on", async () => {
  const limits = { destinationSilenceMs: 1_000, openMs: 1_000, commandMs: 1_000 };
  const { destination, sync, equal, moves } = await running({}, limits);
  for (let pause = 0; pause < 2; pause++) {
    process.kill(destination.pid, "SIGSTOP");
    await until(() => sync.latest?.status === "retrying" && sync.latest.reason?.code === "CONNECT_TIMEOUT", {
      what: "connecting has been given up too",
      timeoutMs: 30_000,
    });
    process.kill(destination.pid, "SIGCONT");
    await sync.reaches("synchronizing", 30_000);
    await moves();
  }
  await equal();
  expect(sync.reasons).toContain("DESTINATION_SILENT");
});

test("survives CLIENT KILL of all its connections, again and again", async () => {
  const { destination, sync, equal, moves } = await running();
  for (let kill = 0; kill < 5; kill++) {
    await destination.client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    await moves();
  }
  await equal();
  expect(sync.reasons).toContain("DESTINATION_LINK_LOST");
});

test("a connection that breaks at any byte loses and doubles nothing", async () => {
  const { proxy, equal, moves } = await running();
  const random = seededRandom(seed);
  // Enough for a connection to be opened most times: what fails at its start is tried again ever more slowly.
  proxy.lifeOf = () => (random.oneIn(10) ? 1 + random.int(1_500) : 5_000 + random.int(60_000));
  proxy.cut();
  await until(() => proxy.broken > 30, { what: "30 connections are broken", timeoutMs: 40_000 });
  proxy.lifeOf = () => null;
  proxy.cut();
  await moves();
  await equal();
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
  expect(await fullSyncs(shard)).toBe(1);
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
