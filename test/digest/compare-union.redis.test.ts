import { expect, test } from "vitest";
import { type RedisServer, startRedis, until } from "../servers/index.ts";
import { fillMixed } from "../traffic/fill-mixed.ts";
import { TrafficWriter } from "../traffic/traffic-writer.ts";
import { compareUnion, describeDifferences } from "./compare-union.ts";

async function equalServers() {
  const shards = await Promise.all([startRedis(), startRedis()]);
  const destination = await startRedis();
  for (const [i, shard] of shards.entries()) {
    await fillMixed(shard.client, { keys: 3_000, prefix: `shard${i}:` });
    await copyKeys(shard, destination);
  }
  return {
    shards,
    destination,
    clients: { shards: shards.map((s) => s.client), destination: destination.client },
  };
}

async function copyKeys(from: RedisServer, to: RedisServer): Promise<void> {
  for (const key of await from.client.keys("*")) {
    const at = Math.max(0, Number(await from.client.call("PEXPIRETIME", key)));
    await to.client.call("RESTORE", key, at, await from.client.dumpBuffer(key), "ABSTTL");
  }
}

test("finds no difference where the destination is the union of the shards", async () => {
  const { shards, destination, clients } = await equalServers();
  await shards[0]!.client.set("DTS_REDIS_TIMESTAMP_HEARTBEAT", "1");
  await destination.client.hset("tributary:checkpoint:t1", "s1", "x");
  const comparison = await compareUnion(clients);
  expect(describeDifferences(comparison)).toBe(
    "3000 + 3000 keys on the shards, 6000 on the destination, 0 differences",
  );
});

test.each(["debug", "dump"])("finds every kind of difference by %s", async (method) => {
  const [shard, destination] = [await startRedis(), await startRedis()];
  if (method === "dump") {
    await destination.stop();
  }
  const there =
    method === "debug" ? destination : await startRedis({ conf: { "enable-debug-command": "no" } });
  for (const { client } of [shard, there]) {
    await client.mset("equal", "1", "changed", "1");
    await client.rpush("list", "a", "b");
    await client.set("expiry", "1");
    await client.set("binary-\u0001", "1");
    await client.xadd("stream", "1-1", "f", "v");
    await client.xgroup("CREATE", "stream", "g", "0");
    await client.zadd("zset", 0.1, "m");
  }
  await shard.client.set("missing", "1");
  await shard.client.set("heartbeat-neighbor", "1");
  await there.client.set("extra", "1");
  await there.client.set("heartbeat-neighbor", "1");
  await there.client.set("changed", "2");
  await there.client.rpush("list", "b");
  await there.client.pexpireat("expiry", Date.now() + 100_000);
  await there.client.xgroup("SETID", "stream", "g", "1-1");
  await there.client.zincrby("zset", 1e-16, "m");
  const { differences } = await compareUnion({ shards: [shard.client], destination: there.client });
  expect(differences.map(({ kind, key }) => `${kind} ${key}`).sort()).toEqual([
    "expiry expiry",
    "extra extra",
    "missing missing",
    "value changed",
    "value list",
    "value stream",
    "value zset",
  ]);
});

test("an equal value in another encoding is no difference by DUMP", async () => {
  const shard = await startRedis();
  const destination = await startRedis({
    conf: { "enable-debug-command": "no", "hash-max-listpack-entries": "0", "list-max-listpack-size": "1" },
  });
  for (const { client } of [shard, destination]) {
    await client.hset("hash", "b", "1", "a", "2");
    await client.rpush("list", "a", "b", "c");
  }
  const comparison = await compareUnion({ shards: [shard.client], destination: destination.client });
  expect(comparison.differences).toEqual([]);
});

test("expiries one millisecond apart are equal, two are not", async () => {
  const [shard, destination] = [await startRedis(), await startRedis()];
  const at = Date.now() + 60_000;
  await shard.client.call("SET", "one", "v", "PXAT", at);
  await destination.client.call("SET", "one", "v", "PXAT", at + 1);
  await shard.client.call("SET", "two", "v", "PXAT", at);
  await destination.client.call("SET", "two", "v", "PXAT", at + 2);
  const { differences } = await compareUnion({ shards: [shard.client], destination: destination.client });
  expect(differences.map(({ kind, key }) => `${kind} ${key}`)).toEqual(["expiry two"]);
});

test("keys that have expired but are not deleted yet are no difference", async () => {
  const [shard, destination] = [await startRedis(), await startRedis()];
  for (const { client } of [shard, destination]) await client.call("DEBUG", "SET-ACTIVE-EXPIRE", "0");
  await shard.client.set("a", "1", "PX", 1);
  await destination.client.set("b", "1", "PX", 1);
  await until(
    async () => (await shard.client.pttl("a")) === -2 && (await destination.client.pttl("b")) === -2,
    {
      what: "both keys have expired",
    },
  );
  const { differences } = await compareUnion({ shards: [shard.client], destination: destination.client });
  expect(differences).toEqual([]);
});

test("compares the databases of a map", async () => {
  const [shard, destination] = [await startRedis(), await startRedis()];
  await shard.client.select(3);
  await shard.client.set("k", "v");
  await destination.client.select(5);
  await destination.client.set("k", "v");
  const clients = { shards: [shard.client], destination: destination.client };
  expect(
    (await compareUnion({ ...clients, databases: [{ source: 3, destination: 5 }] })).differences,
  ).toEqual([]);
  expect((await compareUnion(clients)).differences).toHaveLength(2);
});

test("a native replica of a server under mixed traffic has no difference", async () => {
  const master = await startRedis();
  const replica = await startRedis({ replicaOf: master.port });
  await fillMixed(master.client, { keys: 5_000 });
  const writer = new TrafficWriter(master.client, { through: "direct" }).start();
  await until(() => writer.commands > 30_000, { what: "30,000 commands are written" });
  await writer.stop();
  expect([...writer.errors]).toEqual([]);
  await until(async () => (await offset(replica)) === (await offset(master)), {
    what: "the replica is level",
  });
  const comparison = await compareUnion({ shards: [master.client], destination: replica.client });
  expect(comparison.differences, describeDifferences(comparison)).toEqual([]);
});

async function offset(server: RedisServer): Promise<string | undefined> {
  return /^(?:master_repl_offset):(\d+)/m.exec(await server.client.info("replication"))?.[1];
}

test("a key that several shards hold is to be as its owner has it", async () => {
  const [one, two, destination] = [await startRedis(), await startRedis(), await startRedis()];
  await one.client.mset("both", "of one", "lone", "of one");
  await two.client.set("both", "of two");
  await destination.client.mset("both", "of one", "lone", "of one");
  const clients = { shards: [one.client, two.client], destination: destination.client };
  expect((await compareUnion(clients)).differences).toEqual([]);
  expect((await compareUnion({ ...clients, ownerOf: () => 0 })).differences).toEqual([]);
  const { differences } = await compareUnion({ ...clients, ownerOf: () => 1 });
  expect(differences.map(({ kind, key }) => `${kind} ${key}`)).toEqual(["value both"]);
});
