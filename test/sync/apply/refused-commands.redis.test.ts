import { expect, test } from "vitest";
import { startRedis, until } from "../../servers/index.ts";
import { expectUnion } from "../harness/expect-union.ts";
import { smallRdb, startOldMaster } from "../harness/old-master.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";
import { syncsOfTask } from "../harness/syncs-of-task.ts";

async function running(conf: Record<string, string> = {}, more: Partial<SyncForTest["spec"]> = {}) {
  const shard = await startRedis();
  const destination = await startRedis({ conf });
  const source = endpointAt(shard);
  const sync = new SyncForTest({ source, destination: endpointAt(destination), ...more }).start();
  await sync.reaches("synchronizing");
  // Until it is known that no key is noted, every refusal is taken for one that a note explains.
  await until(() => sync.latest?.stream?.doubtfulKeys === 0, { what: "no key is doubtful" });
  const caughtUp = () => sync.caughtUp(shard.client, destination.client);
  return {
    shard: shard.client,
    destination: destination.client,
    servers: { shard, destination },
    sync,
    caughtUp,
  };
}

test("a command of the wrong type is rejected with a sample, and the rest of its batch is applied", async () => {
  const { shard, destination, sync, caughtUp } = await running();
  await destination.set("conflict", "a string");
  await shard
    .pipeline()
    .set("before", 1)
    .rpush("conflict", "secret".repeat(50), "b")
    .call("MULTI")
    .incr("counter")
    .rpush("conflict", "c")
    .incr("counter")
    .call("EXEC")
    .set("after", 1)
    .exec();
  await caughtUp();
  expect(await destination.mget("before", "counter", "after", "conflict")).toEqual([
    "1",
    "2",
    "1",
    "a string",
  ]);
  await sync.stop();
  const [one, ...others] = sync.refused();
  expect(others).toEqual([]);
  expect(one).toMatchObject({ kind: "rejected", command: "RPUSH", db: 0, reasonCode: "WRONGTYPE", count: 2 });
  expect(one?.samples).toEqual([`rpush conflict ${"secret".repeat(11).slice(0, 64)}… b`, "rpush conflict c"]);
  expect(sync.latest?.stream?.commandsRejected).toBe(2);
});

test("commands that the destination does not know are rejected, the others applied, and it goes on", async () => {
  const { shard, destination, sync, caughtUp } = await running({
    "rename-command": 'PFADD ""\nrename-command SETBIT ""',
  });
  for (let n = 0; n < 20; n++) {
    await shard.pipeline().incr("counter").pfadd("hll", n).setbit("bits", n, 1).incr("counter").exec();
  }
  await shard.multi().incr("counter").pfadd("hll", "in a transaction").incr("counter").exec();
  await caughtUp();
  expect(await destination.get("counter")).toBe("42");
  expect(await destination.exists("hll", "bits")).toBe(0);
  await sync.stop();
  expect(sync.refused("PFADD")).toMatchObject([
    { kind: "rejected", reasonCode: "UNKNOWN_COMMAND", count: 21 },
  ]);
  expect(sync.refused("SETBIT")).toMatchObject([
    { kind: "rejected", reasonCode: "UNKNOWN_COMMAND", count: 20 },
  ]);
  expect(sync.refused("PFADD")[0]?.samples[0]).toBe("pfadd hll 0");
  expect(sync.statuses.has("retrying")).toBe(false);
});

test("a value that the destination will not restore, where something else lies, is copied from the shard", async () => {
  const { shard, destination, sync, caughtUp } = await running();
  await destination.set("conflict", "nobody's");
  await shard.rpush("from", "a", "b");
  const payload = (await shard.dumpBuffer("from"))!;
  await shard.pipeline().restore("conflict", 0, payload).rpush("conflict", "c").exec();
  await until(() => destination.type("conflict").then((type) => type === "list"), { what: "it is copied" });
  await caughtUp();
  expect(await destination.lrange("conflict", 0, -1)).toEqual(["a", "b", "c"]);
  await sync.stop();
  expect(sync.refused("RESTORE")).toEqual([]);
});

test("an unknown command with a name longer than is shown of it is rejected, and it goes on", async () => {
  const master = await startOldMaster();
  const destination = await startRedis();
  const sync = new SyncForTest({ source: endpointAt(master), destination: endpointAt(destination) }).start();
  await sync.reaches("synchronizing");
  master.send("SELECT", "0");
  for (const name of ["x".repeat(150), "it's"]) master.send(name, "key");
  master.send("SET", "after", "1");
  await until(() => destination.client.exists("after"), { what: "the rest is applied", timeoutMs: 30_000 });
  await sync.stop();
  expect(sync.refused().map(({ command, reasonCode }) => [command, reasonCode])).toEqual([
    ["X".repeat(64), "UNKNOWN_COMMAND"],
    ["IT'S", "UNKNOWN_COMMAND"],
  ]);
});

test("a destination that has learned a command gets it after its restart", async () => {
  const { shard, destination, servers, sync, caughtUp } = await running({
    "rename-command": 'PFADD ""',
    appendonly: "yes",
  });
  await shard.pfadd("hll", 1);
  await caughtUp();
  const { readFile, writeFile } = await import("node:fs/promises");
  const file = `${servers.destination.directory}/redis.conf`;
  await writeFile(file, (await readFile(file, "utf8")).replace(/^rename-command.*$/m, ""));
  await servers.destination.restart();
  await sync.reaches("retrying");
  await sync.reaches("synchronizing");
  await shard.pfadd("other", 1);
  await caughtUp();
  expect(await destination.exists("hll", "other")).toBe(1);
});

test("a command that is refused when it is queued is left out alone, wherever it stands", async () => {
  // There APPEND has the arity of GET.
  const { shard, destination, sync, caughtUp } = await running({
    "rename-command": "APPEND XAPPEND\nrename-command GET APPEND",
  });
  for (let n = 0; n < 10; n++) {
    await shard.pipeline().incr("counter").append(`log:${n}`, "x").incr("counter").exec();
  }
  await shard.multi().incr("after").append("log", "in a transaction").incr("after").exec();
  await caughtUp();
  expect(await destination.mget("counter", "after")).toEqual(["20", "2"]);
  await sync.stop();
  expect(sync.refused("APPEND")).toMatchObject([{ kind: "rejected", reasonCode: "WRONG_ARITY", count: 11 }]);
});

test("FLUSHALL, FLUSHDB and SWAPDB of a shard leave the destination as it is, are logged and alerted", async () => {
  const { shard, destination, sync, caughtUp } = await running();
  await destination.set("of another shard", 1);
  await shard.set("key", "value");
  await shard.select(1);
  await shard.set("key", "value in 1");
  await shard.swapdb(0, 1);
  await shard.flushdb();
  await shard.flushall();
  await shard.select(0);
  await shard.set("after", 1);
  await caughtUp();
  expect(await destination.mget("of another shard", "key", "after")).toEqual(["1", "value", "1"]);
  await destination.select(1);
  expect(await destination.get("key")).toBe("value in 1");
  await destination.select(0);
  await sync.stop();
  for (const name of ["FLUSHALL", "FLUSHDB", "SWAPDB"]) {
    expect(sync.refused(name)).toMatchObject([{ kind: "skipped", reasonCode: name, count: 1 }]);
    expect(sync.eventsOf(`${name.toLowerCase()}-skipped`)).toMatchObject([{ level: "alert" }]);
  }
});

test("what was skipped and rejected is not counted again when the stream is read again", async () => {
  const { shard, destination, sync, caughtUp } = await running();
  await destination.set("conflict", "a string");
  for (let n = 0; n < 5; n++) {
    await shard.flushdb();
    await shard.rpush("conflict", n);
    await shard.del("conflict2");
    await destination.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    await sync.reaches("synchronizing");
    await shard.del("conflict");
    await shard.set("now", n);
    await caughtUp();
    await destination.set("conflict", "a string");
  }
  await sync.stop();
  expect(sync.refused("FLUSHDB")).toMatchObject([{ count: 5 }]);
});

test("databases 0 and 3 go to 0 and 5, and no other", async () => {
  const databases = {
    kind: "pairs",
    pairs: [
      { source: 0, destination: 0 },
      { source: 3, destination: 5 },
    ],
  } as const;
  const shard = await startRedis();
  const destination = await startRedis();
  for (const db of [0, 1, 3, 5]) {
    await shard.client.select(db);
    await shard.client
      .pipeline()
      .set("where", db)
      .rpush("list", "a", db)
      .set("expiring", db, "EX", 100_000)
      .exec();
  }
  const sync = new SyncForTest({
    source: endpointAt(shard),
    destination: endpointAt(destination),
    databases,
  }).start();
  await sync.reaches("synchronizing");
  for (const db of [3, 1, 0, 5, 3]) {
    await shard.client.select(db);
    await shard.client
      .pipeline()
      .incr("counter")
      .rpush("list", "b")
      .set(`moving:${db}`, 1)
      .set(`leaving:${db}`, 1)
      .exec();
  }
  await shard.client.select(0);
  await shard.client
    .pipeline()
    .move("moving:0", 3)
    .move("leaving:0", 1)
    .call("COPY", "where", "copied", "DB", "3")
    .exec();
  await shard.client
    .multi()
    .incr("counter")
    .select(3)
    .incr("counter")
    .select(5)
    .incr("counter")
    .select(0)
    .exec();
  await sync.caughtUp(shard.client, destination.client);
  await sync.stop();
  await expectUnion([shard], destination, databases.pairs);
  const keyspace = await destination.client.info("keyspace");
  expect([...keyspace.matchAll(/^db(\d+):/gm)].map(([, db]) => Number(db))).toEqual([0, 5]);
  await until(() => sync.refused().every(({ reasonCode }) => reasonCode === "DB_NOT_SELECTED"), {
    what: "only what is not synchronized is in the log",
  });
  expect([...new Set(sync.refused().map(({ db }) => db))].sort()).toEqual([1, 5]);
});

test("what MOVE and COPY bring from a database that is not synchronized is copied from the shard", async () => {
  const databases = { kind: "pairs", pairs: [{ source: 0, destination: 4 }] } as const;
  const { shard, destination, sync, caughtUp } = await running({}, { databases });
  await destination.select(4);
  await shard.select(1);
  await shard.pipeline().rpush("moved", "a", "b").set("copied", 1, "EX", 100_000).set("stays", 1).exec();
  await shard.pipeline().move("moved", 0).call("COPY", "copied", "copy", "DB", "0").exec();
  await shard.select(0);
  await shard.pipeline().rpush("moved", "c").incr("copy").exec();
  await caughtUp();
  expect(await destination.lrange("moved", 0, -1)).toEqual(["a", "b", "c"]);
  expect(await destination.get("copy")).toBe("2");
  expect(await destination.pexpiretime("copy")).toBe(await shard.pexpiretime("copy"));
  expect(await destination.keys("*")).toHaveLength(2);
  await sync.stop();
  expect([...new Set(sync.refused().map(({ reasonCode }) => reasonCode))]).toEqual(["DB_NOT_SELECTED"]);
  expect(sync.refused("MOVE")).toEqual([]);
  expect(sync.refused("COPY")).toEqual([]);
});

test("messages stay away from a destination whose task leaves them out, and are counted", async () => {
  const { shard, destination, sync, caughtUp } = await running({}, { publish: "skip" });
  const heard: string[] = [];
  const subscriber = destination.duplicate();
  subscriber.on("message", (_, message: string) => heard.push(message));
  await subscriber.subscribe("news");
  await shard.publish("news", "left out");
  await shard.set("after", 1);
  await caughtUp();
  await destination.publish("news", "the last");
  await until(() => heard.includes("the last"), { what: "the last message has come" });
  subscriber.disconnect();
  expect(heard).toEqual(["the last"]);
  await sync.stop();
  expect(sync.refused()).toMatchObject([
    { kind: "skipped", command: "PUBLISH", reasonCode: "PUBLISH_OFF", count: 1 },
  ]);
  expect(sync.events.filter(({ level }) => level === "alert")).toEqual([]);
});

const causesOf = (sync: SyncForTest) => sync.latest?.differs?.causes.map(({ code }) => code) ?? [];

test("function libraries of two shards are there together, and other code of the same name is said", async () => {
  const [a, b] = [await startRedis(), await startRedis()];
  const destination = await startRedis();
  const code = (library: string, answer: string) =>
    `#!lua name=${library}\nredis.register_function('${library}_f', function() return '${answer}' end)`;
  // In the RDB of both, and the same.
  for (const shard of [a, b]) await shard.client.call("FUNCTION", "LOAD", code("same", "1"));
  const syncs = syncsOfTask([endpointAt(a), endpointAt(b)], endpointAt(destination));
  const [first, second] = [syncs[0]!, syncs[1]!];
  first.start();
  await first.reaches("synchronizing");
  second.start();
  await second.reaches("synchronizing");
  const apply = async (shard: typeof a, ...args: string[]) => {
    await shard.client.call("FUNCTION", ...args);
    await (shard === a ? first : second).caughtUp(shard.client, destination.client);
  };
  for (const shard of [a, b]) await apply(shard, "LOAD", code("later", "1"));
  await apply(a, "LOAD", "REPLACE", code("same", "2"));
  await until(() => first.eventsOf("function-replaced").length > 0, { what: "the other code is said" });
  await until(() => causesOf(first).includes("FUNCTION_REPLACED"), {
    what: "it differs until b has it, too",
  });
  await apply(b, "LOAD", "REPLACE", code("same", "2"));
  await until(() => causesOf(first).length === 0, { what: "all have the same code", timeoutMs: 30_000 });
  await apply(a, "DELETE", "later");
  await until(() => causesOf(first).includes("FUNCTION_DELETE"), { what: "a has it no more" });
  // What a does not have any more is not compared with what b loads.
  await apply(b, "LOAD", "REPLACE", code("later", "2"));
  await destination.client.set("read", 1);
  expect(await destination.client.call("FCALL", "same_f", 0)).toBe("2");
  expect(await destination.client.call("FCALL", "later_f", 0)).toBe("2");
  await Promise.all([first.stop(), second.stop()]);
  expect(first.eventsOf("function-replaced")).toHaveLength(1);
  expect(second.eventsOf("function-replaced")).toEqual([]);
  expect(await destination.client.hkeys("tributary:functions:test")).not.toContain("later s0");
  expect(first.eventsOf("function-replaced")[0]?.message).toContain("shard s1");
  expect(first.refused()).toMatchObject([{ kind: "skipped", reasonCode: "FUNCTION_DELETE", count: 1 }]);
  expect(second.refused()).toEqual([]);
});

test("a library that the destination refuses for one that was to be removed is said, and FLUSH of a shard alone flushes", async () => {
  const [a, b, lone] = [await startRedis(), await startRedis(), await startRedis()];
  const [destination, other] = [await startRedis(), await startRedis()];
  const code = (library: string) =>
    `#!lua name=${library}\nredis.register_function('f', function() return '${library}' end)`;
  const syncs = syncsOfTask([endpointAt(a), endpointAt(b)], endpointAt(destination));
  for (const sync of syncs) await sync.start().reaches("synchronizing");
  await a.client.call("FUNCTION", "LOAD", code("old"));
  await a.client.call("FUNCTION", "FLUSH");
  await a.client.call("FUNCTION", "LOAD", code("new"));
  await syncs[0]!.caughtUp(a.client, destination.client);
  expect(await destination.client.call("FCALL", "f", 0)).toBe("old");
  await until(() => syncs[0]!.eventsOf("function-not-loaded").length > 0, { what: "it is said" });
  expect(syncs[0]!.eventsOf("function-skipped")).toMatchObject([{ level: "alert" }]);
  expect(syncs[0]!.eventsOf("function-not-loaded")).toMatchObject([{ level: "alert" }]);
  await until(() => causesOf(syncs[0]!).includes("FUNCTION_FLUSH"), { what: "the old code makes it differ" });
  await until(() => causesOf(syncs[0]!).length > 1, { what: "so does the new code that is missing" });

  await other.client.call("FUNCTION", "LOAD", code("theirs").replace("'f'", "'theirs'"));
  const sync = new SyncForTest({ source: endpointAt(lone), destination: endpointAt(other) }).start();
  await sync.reaches("synchronizing");
  await lone.client.call("FUNCTION", "LOAD", code("old"));
  await lone.client.call("FUNCTION", "FLUSH");
  await lone.client.call("FUNCTION", "LOAD", code("new"));
  await sync.caughtUp(lone.client, other.client);
  expect(await other.client.call("FCALL", "f", 0)).toBe("new");
  expect(await other.client.call("FCALL", "theirs", 0)).toBe("theirs");
  await sync.stop();
  expect(sync.refused()).toEqual([]);
});

test("a module's values are reported key by key, and its commands as unknown", async () => {
  // redis: rdb.c rdbLoadCheckModuleValue: type 7, the key, the module's id, then opcode and value until EOF.
  const moduleValue = (key: string) =>
    Buffer.concat([
      Buffer.from([7, key.length]),
      Buffer.from(key),
      Buffer.from([0x81, 0x4b, 0x09, 0x1a, 0x93, 0x2c, 0x5d, 0x6e, 0x01]),
      Buffer.from([2, 5, 5, 3, 0x61, 0x62, 0x63, 0]),
    ]);
  const plain = Buffer.concat([Buffer.from([0, 5]), Buffer.from("plain"), Buffer.from([1, 0x76])]);
  const master = await startOldMaster(
    smallRdb({}, Buffer.concat([moduleValue("m:1"), plain, moduleValue("m:2")])),
  );
  const destination = await startRedis();
  const sync = new SyncForTest({ source: endpointAt(master), destination: endpointAt(destination) }).start();
  await sync.reaches("synchronizing");
  master.send("SELECT", "0");
  master.send("bf.add", "m:1", "item");
  master.send("SET", "after", "1");
  await until(() => destination.client.exists("after"), { what: "the rest is applied", timeoutMs: 30_000 });
  await sync.stop();
  expect((await destination.client.keys("[^t]*")).sort()).toEqual(["after", "plain"]);
  expect(sync.refused("RDB key")).toMatchObject([
    { kind: "skipped", db: 0, reasonCode: "MODULE_VALUE", count: 2, samples: ["m:1", "m:2"] },
  ]);
  expect(sync.refused("BF.ADD")).toMatchObject([
    { kind: "rejected", reasonCode: "UNKNOWN_COMMAND", count: 1 },
  ]);
  expect(sync.latest?.initialSync).toMatchObject({ keysApplied: 1, keysSkipped: 2 });
});
