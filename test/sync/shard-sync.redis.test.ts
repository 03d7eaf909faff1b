import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { SYNC_LIMITS } from "../../server/sync/spec/sync-limits.ts";
import { startRedis, until } from "../servers/index.ts";
import { fillMixed } from "../traffic/fill-mixed.ts";
import { TrafficWriter } from "../traffic/traffic-writer.ts";
import { seed } from "./harness/check-property.ts";
import { expectUnion } from "./harness/expect-union.ts";
import { endpointAt, SyncForTest } from "./harness/sync-for-test.ts";

const HEARTBEAT = "DTS_REDIS_TIMESTAMP_HEARTBEAT";

test("keys of every type come by the initial sync and by the stream, and the lag is known", async () => {
  const shards = [await startRedis(), await startRedis()];
  const destination = await startRedis();
  const syncs = shards.map(
    (shard, shardIndex) =>
      new SyncForTest({
        source: endpointAt(shard),
        destination: endpointAt(destination),
        shardId: `s${shardIndex}`,
        shardName: `s${shardIndex}`,
        shardIndex,
        heartbeatDb: 0,
      }),
  );
  const filling = shards.map((shard, index) =>
    fillMixed(shard.client, { keys: 5_000, seed: seed + index, prefix: `${index}:` }),
  );
  await Promise.all(filling);
  const beating = setInterval(() => {
    for (const shard of shards) void shard.client.setex(HEARTBEAT, 30, Date.now()).catch(() => {});
  }, 200);
  try {
    for (const sync of syncs) sync.start();
    const writers = shards.map((shard, index) =>
      new TrafficWriter(shard.client, {
        seed: seed + index,
        prefix: `traffic-${index}:`,
        through: "direct",
        commandsPerSecond: 1_500,
      }).start(),
    );
    for (const sync of syncs) await sync.reaches("synchronizing");
    await until(() => writers.every((writer) => writer.commands > 2_000), { what: "there was traffic" });
    await Promise.all(writers.map((writer) => writer.stop()));
    for (const [index, sync] of syncs.entries()) {
      await sync.caughtUp(shards[index]!.client, destination.client);
      await until(() => sync.latest?.lag.seconds !== null, { what: "the lag in seconds is known" });
      expect(sync.latest?.lag.seconds).toBeLessThan(2);
      expect(sync.refused()).toEqual([]);
    }
  } finally {
    clearInterval(beating);
  }
  await Promise.all(syncs.map((sync) => sync.stop()));
  for (const shard of shards) await shard.client.del(HEARTBEAT);
  expect(await expectUnion(shards, destination)).toBeGreaterThan(10_000);
});

test("the counts of both ends leave out exactly what is Tributary's", async () => {
  const shard = await startRedis();
  const destination = await startRedis();
  await shard.client.mset("a", 1, "b", 2, "c", 3);
  await shard.client.setex(HEARTBEAT, 1_000, Date.now());
  const sync = new SyncForTest({
    source: endpointAt(shard),
    destination: endpointAt(destination),
    heartbeatDb: 0,
  }).start();
  await sync.reaches("synchronizing");
  await shard.client.set("d", 4, "EX", 100_000);
  await sync.caughtUp(shard.client, destination.client);
  expect(await shard.client.dbsize()).toBe(5);
  expect(await destination.client.keys("tributary:*")).not.toEqual([]);
  const wanted = JSON.stringify([{ db: 0, keys: 4, expires: 1 }]);
  for (const end of ["sourceKeys", "destinationKeys"] as const) {
    await until(() => JSON.stringify(sync.latest?.[end]) === wanted, { what: `${end} are ${wanted}` });
  }
});

test("of two engines for one shard the first says FENCED and stops, and nothing is doubled", async () => {
  const shard = await startRedis();
  const destination = await startRedis();
  const ends = { source: endpointAt(shard), destination: endpointAt(destination) };
  const first = new SyncForTest(ends).start();
  await first.reaches("synchronizing");
  const writer = new TrafficWriter(shard.client, {
    seed,
    through: "direct",
    commandsPerSecond: 3_000,
  }).start();
  await until(() => writer.commands > 1_000, { what: "there is traffic" });
  const second = new SyncForTest(ends).start();
  await first.ended();
  expect(first.latest).toMatchObject({ status: "failed", reason: { code: "FENCED", retried: false } });
  await second.reaches("synchronizing");
  const seen = writer.commands;
  await until(() => writer.commands > seen + 1_000, { what: "there is traffic" });
  await writer.stop();
  await second.caughtUp(shard.client, destination.client);
  await second.stop();
  await expectUnion([shard], destination);
  expect(second.latest?.status).toBe("paused");
});

test("an engine is fenced off also after the destination was flushed, its epochs with it", async () => {
  const shard = await startRedis();
  const destination = await startRedis();
  await shard.client.set("key", "value");
  const ends = { source: endpointAt(shard), destination: endpointAt(destination) };
  const first = new SyncForTest(ends).start();
  await first.reaches("synchronizing");
  await destination.client.flushall();
  await destination.client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
  await until(() => first.latest?.initialSync?.attempt === 2, { what: "it has begun anew" });
  await first.reaches("synchronizing");
  const second = new SyncForTest(ends).start();
  await until(() => first.latest?.status === "failed", { what: "the first has ended" });
  expect(first.latest?.reason?.code).toBe("FENCED");
  await second.reaches("synchronizing");
});

test("a destination that does not let its connections be closed is said not to be fenced", async () => {
  const shard = await startRedis();
  const destination = await startRedis();
  await destination.client.call("ACL", "SETUSER", "default", "-client|kill", "-client|list");
  const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(destination) }).start();
  await sync.reaches("synchronizing");
  expect(sync.eventsOf("not-fenced")).toMatchObject([{ level: "warning" }]);
});

test("a stop in good order restores every expiry that was held back", async () => {
  const shard = await startRedis();
  const destination = await startRedis();
  for (const db of [0, 4]) {
    await shard.client.select(db);
    const pipeline = shard.client.pipeline();
    for (let n = 0; n < 500; n++) pipeline.set(`key:${n}`, n, "PX", 60_000 + n);
    await pipeline.exec();
  }
  await shard.client.select(0);
  const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(destination) }).start();
  await sync.reaches("synchronizing");
  // Neither the restore loop's round nor a poll of the destination has come by then.
  await sync.stop();
  expect(await expectUnion([shard], destination)).toBe(1_000);
});

test("a sync that is paused goes on at its checkpoint without a full sync", async () => {
  const shard = await startRedis();
  const destination = await startRedis();
  const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(destination) });
  for (let run = 0; run < 4; run++) {
    sync.start();
    await sync.reaches("synchronizing");
    for (let n = 0; n < 50; n++) await shard.client.incr("counter");
    await sync.stop();
    await shard.client.incrby("counter", 10);
  }
  sync.start();
  await sync.caughtUp(shard.client, destination.client);
  expect(await destination.client.get("counter")).toBe("240");
  expect(await shard.client.info("stats")).toMatch(/sync_full:1\r/);
  expect(sync.eventsOf("stream-resumed").length).toBe(4);
});

test("a task that is finished leaves nothing of its own on the destination", async () => {
  const shard = await startRedis();
  const destination = await startRedis();
  await fillMixed(shard.client, { keys: 500, seed });
  const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(destination) }).start();
  await sync.reaches("synchronizing");
  await shard.client.set("last", "write");
  await sync.caughtUp(shard.client, destination.client);
  await sync.stop({ forgetCheckpoint: true });
  expect(sync.latest?.status).toBe("finished");
  expect(await destination.client.keys("tributary:*")).toEqual([]);
  expect(await expectUnion([shard], destination)).toBe(501);
});

test("a stop ends within 5 s although the destination hangs", async () => {
  const shard = await startRedis();
  const destination = await startRedis();
  const ends = { source: endpointAt(shard), destination: endpointAt(destination) };
  const sync = new SyncForTest(ends, { drainMs: SYNC_LIMITS.drainMs }).start();
  await sync.reaches("synchronizing");
  process.kill(destination.pid, "SIGSTOP");
  try {
    await shard.client.set("key", "value");
    // Each of its connections waits for an answer by then.
    await sleep(2_500);
    const began = performance.now();
    await sync.stop();
    expect(performance.now() - began).toBeLessThan(5_500);
  } finally {
    process.kill(destination.pid, "SIGCONT");
  }
});
