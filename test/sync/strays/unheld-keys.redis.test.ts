import type { Redis } from "ioredis";
import { expect, test } from "vitest";
import { parseCheckpoint } from "../../../server/sync/checkpoint/checkpoint.ts";
import { checkpointKey } from "../../../server/sync/checkpoint/own-keys.ts";
import { startRedis, until } from "../../servers/index.ts";
import { outrunBacklog, ReconcileTask, startShard } from "../harness/reconcile-task.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";
import { MergeWorld } from "./merge-world.ts";

/** Of each kind of value a key, how it is begun, and how it is built on. */
const kinds: readonly (readonly [name: string, begin: string, build: string])[] = [
  ["counter", "SET ? 40", "INCR ?"],
  ["text", "SET ? before", "APPEND ? since"],
  ["range", "SET ? before", "SETRANGE ? 2 s"],
  ["bits", "SETBIT ? 1 1", "SETBIT ? 9 1"],
  ["list", "RPUSH ? before", "RPUSH ? since"],
  ["set", "SADD ? before", "SADD ? since"],
  ["zset", "ZADD ? 1 before", "ZINCRBY ? 2 since"],
  ["hash", "HSET ? before 1", "HINCRBY ? since 1"],
  ["stream", "XADD ? 1-1 f before", "XADD ? * f since"],
  ["log", "PFADD ? before", "PFADD ? since"],
];

const keyOf = (name: string) => `kept:${name}`;
const names = kinds.map(([name]) => keyOf(name));

async function run(client: Redis, which: "begin" | "build"): Promise<void> {
  for (const [name, begin, build] of kinds) {
    const [command, ...args] = (which === "begin" ? begin : build).split(" ");
    await client.call(command!, ...args.map((one) => (one === "?" ? keyOf(name) : one)));
  }
}

/** What of the keys differs between shard and destination. */
async function differing(
  shard: Redis,
  destination: Redis,
  keys: readonly string[] = names,
): Promise<string[]> {
  const found: string[] = [];
  for (const key of keys) {
    const [here, there] = [await shard.dumpBuffer(key), await destination.dumpBuffer(key)];
    // One of the two may be encoded otherwise: the test's own values are small and alike.
    if (!(here === null ? there === null : there !== null && here.equals(there))) found.push(key);
  }
  return found;
}

/** A task of one shard that holds `names`, beside another task on the same destination. */
async function besideAnother() {
  const [shard, other, destination] = [await startShard(), await startShard(), await startRedis()];
  await run(shard.client, "begin");
  await other.client.mset("other:1", 1, "other:2", 1);
  const taskOf = (taskId: string, source: typeof shard) =>
    new SyncForTest({
      taskId,
      taskName: taskId,
      source: endpointAt(source),
      destination: endpointAt(destination),
    });
  const [first, second] = [taskOf("first", shard), taskOf("second", other)];
  first.start();
  await first.caughtUp(shard.client, destination.client);
  second.start();
  await second.caughtUp(other.client, destination.client);
  const synced = () => first.caughtUp(shard.client, destination.client);
  /** The shard loses the keys while nobody looks, and is copied again: they stay, since they may be the other's. */
  const lose = async () => {
    await first.stop();
    await shard.client.unlink(...names);
    await outrunBacklog(shard.client);
    first.start();
    await synced();
    await until(() => first.latest?.differs?.causes[0]?.code === "NEIGHBOR_KEYS", { what: "it says so" });
    expect(await destination.client.exists(...names)).toBe(names.length);
  };
  return { shard: shard.client, destination: destination.client, first, synced, lose };
}

test("what is made of a key that was kept beside another task begins with nothing", async () => {
  const { shard, destination, synced, lose } = await besideAnother();
  await lose();
  await run(shard, "build");
  await synced();
  expect(await differing(shard, destination)).toEqual([]);
  // From then on the destination runs what the shard does with them.
  await run(shard, "build");
  await synced();
  expect(await differing(shard, destination)).toEqual([]);
  expect(await destination.keys("tributary:unheld:*")).toHaveLength(1);
  expect(await destination.mget("other:1", "other:2")).toEqual(["1", "1"]);
});

test("an engine that is started again does not build on kept keys either", async () => {
  const { shard, destination, first, synced, lose } = await besideAnother();
  await lose();
  await run(shard, "build");
  await first.stop();
  await run(shard, "build");
  first.start();
  await synced();
  expect(await differing(shard, destination)).toEqual([]);
  await shard.del(names[0]!);
  await first.stop();
  await shard.incr(names[0]!);
  first.start();
  await synced();
  expect(await differing(shard, destination)).toEqual([]);
});

test("commands over several keys do not read a kept key of a lone shard", async () => {
  const { shard, destination, synced, lose } = await besideAnother();
  await lose();
  await shard.sadd("mine", "own");
  await shard.sunionstore("union", "mine", keyOf("set"));
  await shard.msetnx(keyOf("counter"), "1", "beside", "1");
  await shard.multi().incrby(keyOf("text"), 5).incrby(keyOf("text"), 5).copy(keyOf("text"), "copied").exec();
  await shard.rename("mine", keyOf("set"));
  await synced();
  const keys = ["union", "beside", "copied", "mine", keyOf("counter"), keyOf("text"), keyOf("set")];
  expect(await differing(shard, destination, keys)).toEqual([]);
});

test("with a ring, too, what is made of a kept key begins with nothing", async () => {
  const world = await MergeWorld.start({ shards: 2, policy: "owner-wins" });
  const { client: destination } = world.destination;
  const keys = [0, 1].map((shard) => world.nameOf(shard, "counter:"));
  for (const [shard, key] of keys.entries()) await world.client(shard).set(key, 40);
  await world.synchronizing();
  await world.settled();
  const other = await startRedis();
  await other.client.set("other", "1");
  const neighbor = new SyncForTest({
    taskId: "neighbor",
    taskName: "neighbor",
    source: endpointAt(other),
    destination: endpointAt(world.destination),
  });
  neighbor.start();
  await neighbor.caughtUp(other.client, destination);
  await world.syncs[0]!.stop();
  await world.client(0).del(keys[0]!);
  await world.copyAgain(0);
  expect(await destination.mget(keys)).toEqual(["40", "40"]);
  await world.client(0).incr(keys[0]!);
  await world.client(1).incr(keys[1]!);
  await world.settled();
  expect(await destination.mget(keys)).toEqual(["1", "41"]);
  expect(world.syncs[0]!.latest!.merge).toMatchObject({ lone: 0 });
  await world.stop();
  await world.client(0).incr(keys[0]!);
  await world.synchronizing();
  await world.settled();
  expect(await destination.get(keys[0]!)).toBe("2");
});

/** The owner of a key has deleted it, and its shard is copied again. */
async function deletedByItsOwner() {
  const world = await MergeWorld.start({ shards: 2, policy: "owner-wins" });
  const { client: destination } = world.destination;
  const keys = [world.nameOf(0, "built:"), world.nameOf(0, "other:")] as const;
  for (const key of keys) await world.client(0).hset(key, { before: "1" });
  const [sync, sibling] = world.syncs as [SyncForTest, SyncForTest];
  const { taskId, shardId } = sync.spec;
  const copyAgain = async () => {
    await sync.stop();
    await world.client(0).unlink(...keys);
    await world.client(0).call("DEBUG", "CHANGE-REPL-ID");
    const { latest } = sync;
    sync.start();
    await until(() => sync.latest !== latest && sync.latest?.initialSync?.attempt === 1, {
      what: "it begins",
    });
    await until(
      async () => parseCheckpoint((await destination.hget(checkpointKey(taskId), shardId)) ?? "") !== null,
      { what: "the shard is copied again" },
    );
  };
  return { world, destination, keys, sibling, copyAgain };
}

test("what the owner makes of a key that it has deleted begins with nothing, before it is decided about a known copy", async () => {
  const { world, destination, keys, copyAgain } = await deletedByItsOwner();
  for (const key of keys) await world.client(1).hset(key, { stale: "1" });
  await world.synchronizing();
  await world.settled();
  const { pid } = world.shards[1]!;
  // Nothing is decided before it has said what it holds.
  process.kill(pid, "SIGSTOP");
  try {
    await copyAgain();
    await world.client(0).hset(keys[0], { since: "1" });
    await until(() => destination.sismember("tributary:doubtful:test:s0", `merge 0:${keys[0]}`), {
      what: "the key waits to be copied",
    });
  } finally {
    process.kill(pid, "SIGCONT");
  }
  await world.settled();
  expect(await destination.hgetall(keys[0])).toEqual({ since: "1" });
  expect(await destination.hgetall(keys[1])).toEqual({ stale: "1" });
});

test("what the owner makes of a key that it has deleted begins with nothing, before a copy is known", async () => {
  const { world, destination, keys, sibling, copyAgain } = await deletedByItsOwner();
  await world.synchronizing();
  await world.settled();
  await sibling.stop();
  for (const key of keys) await world.client(1).hset(key, { stale: "1" });
  await copyAgain();
  await world.client(0).hset(keys[0], { since: "1" });
  await until(async () => (await destination.hexists(keys[0], "since")) === 1, { what: "it is written" });
  expect(await destination.hgetall(keys[0])).toEqual({ since: "1" });
  sibling.start();
  await world.settled();
  expect(await destination.hgetall(keys[0])).toEqual({ since: "1" });
  expect(await destination.hgetall(keys[1])).toEqual({ stale: "1" });
});

test("what is made of a key that a shrunken shard has lost begins with nothing where the copy is kept", async () => {
  const [shard, destination] = [await startShard(), await startRedis()];
  await run(shard.client, "begin");
  const shrink = { onShrink: "keep" as const, maxKeys: 3, maxShare: 0 };
  const task = new ReconcileTask([shard], destination, { kind: "all" }, { shrink });
  task.start(0);
  await task.caughtUp(0);
  await task.stop();
  await shard.client.unlink(...names);
  await outrunBacklog(shard.client);
  task.start(0);
  await task.caughtUp(0);
  await until(() => task.differs(0).includes("KEYS_KEPT"), { what: "it says so" });
  task.sync(0).acknowledge();
  await run(shard.client, "build");
  await task.caughtUp(0);
  await task.settled();
  expect(await differing(shard.client, destination.client)).toEqual([]);
});

test("what is made of a key that the destination held before the task, and the shard did not, begins with nothing", async () => {
  const [shard, destination] = [await startShard(), await startRedis()];
  await run(destination.client, "begin");
  const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(destination) });
  sync.start();
  await sync.caughtUp(shard.client, destination.client);
  expect(await destination.client.exists(...names)).toBe(names.length);
  await run(shard.client, "build");
  await sync.caughtUp(shard.client, destination.client);
  expect(await differing(shard.client, destination.client)).toEqual([]);
  await sync.stop();
  await run(shard.client, "build");
  sync.start();
  await sync.caughtUp(shard.client, destination.client);
  expect(await differing(shard.client, destination.client)).toEqual([]);
});

test("what is made of a key after a FLUSHALL that was skipped begins with nothing, also in another engine", async () => {
  const [shard, destination] = [await startShard(), await startRedis()];
  await run(shard.client, "begin");
  const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(destination) });
  const synced = () => sync.caughtUp(shard.client, destination.client);
  sync.start();
  await synced();
  await shard.client.flushall();
  const early = names.slice(0, 5);
  await run(shard.client, "build");
  await synced();
  expect(await differing(shard.client, destination.client)).toEqual([]);
  await shard.client.flushdb();
  await synced();
  await sync.stop();
  await run(shard.client, "build");
  sync.start();
  await synced();
  expect(await differing(shard.client, destination.client)).toEqual([]);
  expect(await destination.client.exists(...early)).toBe(early.length);
});
