import { expect, test } from "vitest";
import { type RedisServer, startRedis, until } from "../../servers/index.ts";
import { fillMixed } from "../../traffic/fill-mixed.ts";
import { seededRandom } from "../../traffic/seeded-random.ts";
import { TrafficWriter } from "../../traffic/traffic-writer.ts";
import { seed } from "../harness/check-property.ts";
import { expectUnion } from "../harness/expect-union.ts";
import { rounds } from "../harness/fault-rounds.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";

async function stats(shard: RedisServer) {
  const info = await shard.client.info("stats");
  const number = (name: string) => Number(new RegExp(`${name}:(\\d+)`).exec(info)![1]);
  return { full: number("sync_full"), partial: number("sync_partial_ok") };
}

const write = (shard: RedisServer) =>
  new TrafficWriter(shard.client, {
    seed,
    through: "direct",
    commandsPerSecond: 2_000,
  }).start();

test("a shard that is killed with -9 and comes back is synced again from its start, and the reason is said", async () => {
  const shard = await startRedis({ conf: { appendonly: "yes" } });
  const destination = await startRedis();
  await fillMixed(shard.client, { keys: 2_000, seed });
  const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(destination) }).start();
  await sync.reaches("synchronizing");
  const writer = write(shard);
  const random = seededRandom(seed);
  for (let kill = 0; kill < rounds(2); kill++) {
    const before = writer.commands + 500 + random.int(1_000);
    await until(() => writer.commands > before, { what: "there is traffic", timeoutMs: 30_000 });
    await shard.restart();
    const after = writer.commands;
    await until(() => writer.commands > after + 500, { what: "there is traffic again", timeoutMs: 30_000 });
    await until(() => sync.latest?.initialSync?.attempt === kill + 2, {
      what: "another initial sync",
      timeoutMs: 40_000,
    });
    expect(sync.latest?.initialSync?.why).toMatch(/restarted/);
    await sync.reaches("synchronizing");
  }
  expect(sync.reasons).toContain("SOURCE_LINK_LOST");
  await writer.stop();
  await sync.caughtUp(shard.client, destination.client);
  await sync.stop();
  expect(await expectUnion([shard], destination)).toBeGreaterThan(2_000);
}, 120_000);

test("what a shard that was restarted sends is logged and applied although its offsets are those of before", async () => {
  const conf = { appendonly: "yes" };
  const shard = await startRedis({ conf });
  // APPEND has the arity of GET there: it is refused by its offset, not by its name.
  const destination = await startRedis({
    conf: { "rename-command": "APPEND XAPPEND\nrename-command GET APPEND" },
  });
  const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(destination) }).start();
  await sync.reaches("synchronizing");
  for (let n = 0; n < 50; n++) await shard.client.append("refused", "x".repeat(20));
  // After a flush that is skipped, keys are copied instead of built on.
  await until(() => sync.refused("APPEND")[0]?.count === 50, { what: "all are in the log" });
  expect(sync.refused("APPEND")).toMatchObject([{ kind: "rejected", reasonCode: "WRONG_ARITY" }]);
  await shard.client.flushdb();
  await sync.caughtUp(shard.client, destination.client);
  await until(() => sync.refused("FLUSHDB").length > 0, { what: "FLUSHDB is in the log" });

  await shard.restart();
  await until(() => sync.latest?.initialSync?.attempt === 2, {
    what: "a second initial sync",
    timeoutMs: 20_000,
  });
  await sync.reaches("synchronizing");
  // Commands of the same size as those refused, at the same offsets.
  for (let n = 0; n < 50; n++) await shard.client.sadd("applied", `${n}`.padStart(22, "x"));
  await shard.client.flushdb();
  await shard.client.set("after", "it");
  await sync.caughtUp(shard.client, destination.client);
  expect(await destination.client.scard("applied")).toBe(50);
  await sync.stop();
  expect(sync.refused("FLUSHDB")).toMatchObject([{ kind: "skipped", count: 2 }]);
  expect(sync.eventsOf("flushdb-skipped")).toHaveLength(2);
});

test("a replication link that breaks at any byte is resumed there", async () => {
  const shard = await startRedis({ conf: { "repl-backlog-size": "64mb" } });
  const destination = await startRedis();
  await fillMixed(shard.client, { keys: 2_000, seed });
  const proxy = await TcpProxy.start(shard.port);
  const sync = new SyncForTest({ source: endpointAt(proxy), destination: endpointAt(destination) }).start();
  await sync.reaches("synchronizing");
  const writer = write(shard);
  const random = seededRandom(seed);
  proxy.lifeOf = () => 2_000 + random.int(40_000);
  proxy.cut();
  await until(async () => (await stats(shard)).partial > 10, { what: "10 were resumed", timeoutMs: 40_000 });
  proxy.lifeOf = () => null;
  proxy.cut();
  await writer.stop();
  await sync.caughtUp(shard.client, destination.client);
  await sync.stop();
  expect((await stats(shard)).full).toBe(1);
  await expectUnion([shard], destination);
}, 90_000);

test("a transfer of the RDB that breaks at any byte is begun again", async () => {
  const shard = await startRedis();
  const destination = await startRedis();
  await fillMixed(shard.client, { keys: 10_000, seed });
  const proxy = await TcpProxy.start(shard.port);
  const random = seededRandom(seed);
  proxy.lifeOf = () => (proxy.broken > 3 ? null : 3_000 + random.int(100_000));
  const sync = new SyncForTest({ source: endpointAt(proxy), destination: endpointAt(destination) }).start();
  await sync.reaches("synchronizing", 40_000);
  expect(proxy.broken).toBeGreaterThan(3);
  await sync.stop();
  expect(await expectUnion([shard], destination)).toBe(10_000);
}, 60_000);

test("a destination that hangs costs the link to the shard nothing, though the shard permits a small backlog only", async () => {
  const shard = await startRedis({
    conf: { "client-output-buffer-limit": "replica 4mb 2mb 1", "repl-backlog-size": "16kb" },
  });
  const destination = await startRedis();
  const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(destination) }).start();
  await sync.reaches("synchronizing");
  const sleeper = destination.client.duplicate();
  const asleep = sleeper.call("DEBUG", "SLEEP", "4");
  const value = "x".repeat(10_000);
  // 32 MB, many times what the shard would keep for a replica that does not read, and the kernel's buffers with it.
  for (let n = 0; n < 160; n++) {
    const pipeline = shard.client.pipeline();
    for (let key = 0; key < 20; key++) pipeline.rpush(`list:${key}`, value);
    await pipeline.exec();
    // As fast as it is read, which a loaded machine may take its time for.
    await until(
      async () => /omem=\d{0,5} /.test(String(await shard.client.call("CLIENT", "LIST", "TYPE", "replica"))),
      {
        what: "the replica reads on",
        everyMs: 1,
      },
    );
  }
  await asleep;
  sleeper.disconnect();
  await sync.caughtUp(shard.client, destination.client);
  await sync.stop();
  expect(await stats(shard)).toEqual({ full: 1, partial: 0 });
  await expectUnion([shard], destination);
});

test("MULTI and EXEC of the shard stay whole for every reader of the destination", async () => {
  const shard = await startRedis();
  const destination = await startRedis();
  const proxy = await TcpProxy.start(shard.port);
  const sync = new SyncForTest({ source: endpointAt(proxy), destination: endpointAt(destination) }).start();
  await sync.reaches("synchronizing");
  const random = seededRandom(seed);
  proxy.lifeOf = () => 3_000 + random.int(30_000);
  proxy.cut();
  let reading = true;
  const halves: unknown[] = [];
  let reads = 0;
  const reader = (async () => {
    while (reading) {
      const [a, b, c] = await destination.client.mget("a", "b", "c");
      if (a !== b || b !== c) halves.push([a, b, c]);
      reads++;
    }
  })();
  for (let n = 0; n < 400; n++) {
    const many = shard.client.pipeline();
    for (let m = 0; m < 5; m++) {
      many.call("MULTI");
      many
        .incr("a")
        .set("filler", "x".repeat(random.int(2_000)))
        .incr("b")
        .incr("c");
      many.call("EXEC");
    }
    await many.exec();
  }
  proxy.lifeOf = () => null;
  await sync.caughtUp(shard.client, destination.client);
  reading = false;
  await reader;
  expect(halves).toEqual([]);
  expect(reads).toBeGreaterThan(100);
  expect(await destination.client.mget("a", "b", "c")).toEqual(["2000", "2000", "2000"]);
});

test("a transaction larger than what may be in flight, with a value larger than a batch, is applied whole", async () => {
  const shard = await startRedis();
  const destination = await startRedis();
  const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(destination) }).start();
  await sync.reaches("synchronizing");
  const transaction = shard.client.multi();
  for (let n = 0; n < 2_000; n++) transaction.append(`large:${n % 20}`, "x".repeat(10_000));
  transaction
    .set("huge", Buffer.alloc(9 * 1024 * 1024, "y"))
    .incr("counter")
    .lpush("huge", "is no list");
  for (let n = 0; n < 20_000; n++) transaction.incr("counter");
  await transaction.exec();
  await sync.caughtUp(shard.client, destination.client);
  await sync.stop();
  expect(await destination.client.get("counter")).toBe("20001");
  await expectUnion([shard], destination);
});
