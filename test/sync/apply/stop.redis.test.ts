import { expect, test } from "vitest";
import { parseCheckpoint } from "../../../server/sync/checkpoint/checkpoint.ts";
import { checkpointKey, OWN_PREFIX } from "../../../server/sync/checkpoint/own-keys.ts";
import { type RedisServer, startRedis, until } from "../../servers/index.ts";
import { TrafficWriter } from "../../traffic/traffic-writer.ts";
import { seed } from "../harness/check-property.ts";
import { expectUnion } from "../harness/expect-union.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";

async function running(conf: Record<string, string> = {}) {
  const shard = await startRedis({ conf: { "repl-backlog-size": "128mb", ...conf } });
  const destination = await startRedis();
  await shard.client.set("first", 1);
  const proxy = await TcpProxy.start(destination.port);
  const source = endpointAt(shard, { password: conf.requirepass ?? null });
  const sync = new SyncForTest({ source, destination: endpointAt(proxy) }).start();
  await sync.reaches("synchronizing");
  return { shard, destination, proxy, sync };
}

async function writtenTo(shard: RedisServer): Promise<bigint> {
  return BigInt(/master_repl_offset:(\d+)/.exec(await shard.client.info("replication"))![1]!);
}

async function ownKeys(destination: RedisServer): Promise<string[]> {
  return (await destination.client.keys("*")).filter((key) => key.startsWith(OWN_PREFIX));
}

test("a pause applies what waits on the spool's disk, too", async () => {
  const { shard, destination, sync } = await running();
  await destination.client.call("CLIENT", "PAUSE", "60000", "WRITE");
  const value = "v".repeat(100_000);
  for (let n = 0; n < 400; n++) await shard.client.pipeline().incr("counter").set(`large:${n}`, value).exec();
  await until(() => (sync.latest?.spool.diskBytes ?? 0) > 8_000_000, { what: "the stream waits on disk" });
  const written = await writtenTo(shard);
  await until(() => BigInt(sync.latest?.stream?.receivedOffset ?? 0) >= written, {
    what: "all of it has been received",
    timeoutMs: 30_000,
  });
  const stopped = sync.stop();
  await destination.client.call("CLIENT", "UNPAUSE");
  await stopped;
  const checkpoint = parseCheckpoint((await destination.client.hget(checkpointKey("test"), "s0"))!);
  expect(checkpoint!.offset).toBeGreaterThanOrEqual(written);
  await expectUnion([shard], destination);
});

test("a pause under load ends at what had come by then, with true expiries", async () => {
  const { shard, destination, sync } = await running();
  const writer = new TrafficWriter(shard.client, {
    seed,
    keysPerType: 50,
    through: "direct",
    commandsPerSecond: 3000,
  }).start();
  await until(() => (sync.latest?.stream?.commandsApplied ?? 0) > 3000, { what: "there is traffic" });
  await sync.stop();
  await writer.stop();
  const expiries = await Promise.all(
    (await destination.client.keys("*")).map((key) => destination.client.call("PEXPIRETIME", key)),
  );
  expect(expiries.filter((at) => Number(at) > 2 ** 51)).toEqual([]);
}, 60_000);

test("a cutover outlives a destination that is away when it begins", async () => {
  const { shard, destination, proxy, sync } = await running();
  // Until the stream counts as live its expiry would be written far in the future.
  await until(
    async () => {
      await shard.client.set("early", "renewed", "PX", 5000);
      await sync.caughtUp(shard.client, destination.client);
      return Number(await destination.client.call("PEXPIRETIME", "early")) < 2 ** 51;
    },
    { what: "the key stands there with its true expiry", everyMs: 100 },
  );
  proxy.down = true;
  proxy.cut();
  await shard.client.persist("early");
  for (let n = 0; n < 100; n++) await shard.client.incr("counter");
  const stopped = sync.stop({ forgetCheckpoint: true });
  await until(async () => (await destination.client.get("early")) === null, {
    what: "the key whose renewal is on its way has expired",
  });
  proxy.down = false;
  await stopped;
  expect(await destination.client.mget("counter", "early")).toEqual(["100", "renewed"]);
  expect(await expectUnion([shard], destination)).toBe(3);
  expect(await ownKeys(destination)).toEqual([]);
  expect(sync.events.filter(({ level }) => level === "alert")).toEqual([]);
}, 60_000);

test("a cutover is cut short by a stop, and says so", async () => {
  const { shard, proxy, sync } = await running();
  proxy.down = true;
  proxy.cut();
  await shard.client.incr("counter");
  const finished = sync.stop({ forgetCheckpoint: true });
  await Promise.all([finished, sync.stop()]);
  expect(sync.eventsOf("cutover-incomplete").length).toBe(1);
});

test("a shard that refuses the engine for good ends its sync, with what had come applied", async () => {
  const { shard, destination, sync } = await running({ requirepass: "first" });
  await shard.client.incr("counter");
  await sync.caughtUp(shard.client, destination.client);
  await shard.client.config("SET", "requirepass", "second");
  await shard.client.call("CLIENT", "KILL", "TYPE", "replica");
  await sync.ended();
  expect(sync.latest).toMatchObject({ status: "failed", reason: { retried: false } });
  expect(sync.latest?.reason?.code).toMatch(/^AUTH_/);
  expect(await destination.client.get("counter")).toBe("1");
});
