import type { Redis } from "ioredis";
import { expect, test } from "vitest";
import { type RedisServer, startRedis, until } from "../../servers/index.ts";
import { outrunBacklog, startShard } from "../harness/reconcile-task.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";

async function fill(client: Redis, prefix: string, keys = 50): Promise<void> {
  const pipeline = client.pipeline();
  for (let n = 0; n < keys; n++) pipeline.set(`${prefix}${n}`, n);
  await pipeline.exec();
}

function taskOf(
  taskId: string,
  shard: RedisServer,
  destination: RedisServer,
  more: Partial<SyncForTest["spec"]> = {},
) {
  const spec = { taskId, taskName: `task ${taskId}`, source: endpointAt(shard), ...more };
  return new SyncForTest({ ...spec, destination: endpointAt(destination) });
}

/** Two tasks of one shard each, which write into one destination and are synchronizing. */
async function twoTasks() {
  const [a, b, destination] = [await startShard(), await startShard(), await startRedis()];
  await fill(a.client, "a:");
  await fill(b.client, "b:");
  const [first, second] = [taskOf("first", a, destination), taskOf("second", b, destination)];
  first.start();
  await first.caughtUp(a.client, destination.client);
  second.start();
  await second.caughtUp(b.client, destination.client);
  return { a, b, destination, first, second };
}

test("a re-sync removes nothing while another task is on the destination, and says how many keys that are", async () => {
  const { a, b, destination, first } = await twoTasks();
  await first.stop();
  await a.client.del("a:0", "a:1");
  await outrunBacklog(a.client);
  first.start();
  await first.caughtUp(a.client, destination.client);
  expect(await destination.client.exists("b:0", "b:49", "a:0", "a:1")).toBe(4);
  await until(() => first.latest?.differs !== null, { what: "it differs" });
  const [cause] = first.latest!.differs!.causes;
  expect(cause).toMatchObject({ code: "NEIGHBOR_KEYS", count: 52 });
  expect(cause!.message).toContain("task second");
  expect(first.eventsOf("stale-keys-kept")).toHaveLength(1);
  expect(first.eventsOf("stale-keys-removed")).toEqual([]);
  expect(await b.client.dbsize()).toBe(50);
});

test("what a task has brought that was cut over is not removed by another", async () => {
  const { a, destination, first, second } = await twoTasks();
  await until(() => first.eventsOf("neighbors-changed").length > 0, { what: "the other one was seen" });
  await second.stop({ forgetCheckpoint: true });
  expect(await destination.client.exists("tributary:checkpoint:second")).toBe(0);
  await first.stop();
  await a.client.del("a:0");
  await outrunBacklog(a.client);
  first.start();
  await first.caughtUp(a.client, destination.client);
  expect(await destination.client.exists("b:0", "b:49", "a:0")).toBe(3);
  // The last one that leaves takes the register with it.
  await first.stop({ forgetCheckpoint: true });
  expect(await destination.client.keys("tributary:*")).toEqual([]);
});

test("a task that another one never met is known by what it left behind", async () => {
  const { a, destination, first, second } = await twoTasks();
  await first.stop();
  await destination.client.hdel("tributary:checkpoint:first", "destination-had-neighbors");
  await second.stop({ forgetCheckpoint: true });
  await a.client.del("a:0");
  await outrunBacklog(a.client);
  first.start();
  await first.caughtUp(a.client, destination.client);
  expect(await destination.client.exists("b:0", "b:49")).toBe(2);
});

test("a task of a version without a register is known by its checkpoint", async () => {
  const { a, destination, first, second } = await twoTasks();
  await second.stop();
  await first.stop();
  await destination.client.hdel("tributary:checkpoint:first", "destination-had-neighbors");
  await destination.client.del("tributary:tasks");
  await a.client.del("a:0");
  await outrunBacklog(a.client);
  first.start();
  await first.caughtUp(a.client, destination.client);
  expect(await destination.client.exists("b:0", "b:49")).toBe(2);
  await until(() => first.latest?.differs !== null, { what: "it differs" });
});

test("a task in other databases is no neighbor", async () => {
  const [a, b, destination] = [await startShard(), await startShard(), await startRedis()];
  await fill(a.client, "a:");
  await fill(b.client, "b:");
  const into = (db: number) => ({
    databases: { kind: "pairs" as const, pairs: [{ source: 0, destination: db }] },
    checkpointDb: db,
  });
  const first = taskOf("first", a, destination, into(1)).start();
  const second = taskOf("second", b, destination, into(2)).start();
  const [one, two] = [destination.client.duplicate({ db: 1 }), destination.client.duplicate({ db: 2 })];
  try {
    await first.caughtUp(a.client, one);
    await second.caughtUp(b.client, two);
    await first.stop();
    await a.client.del("a:0");
    await outrunBacklog(a.client);
    first.start();
    await first.caughtUp(a.client, one);
    expect(await one.exists("a:0")).toBe(0);
    expect(await two.exists("b:0")).toBe(1);
    expect(first.eventsOf("neighbors-changed")).toEqual([]);
  } finally {
    one.disconnect();
    two.disconnect();
  }
});

test("keys that another task had brought, and this one writes, are counted as collisions with some of their names", async () => {
  const [a, b, destination] = [await startShard(), await startShard(), await startRedis()];
  await fill(a.client, "both:", 20);
  await fill(a.client, "a:", 20);
  await fill(b.client, "both:", 10);
  const [first, second] = [taskOf("first", a, destination), taskOf("second", b, destination)];
  first.start();
  await first.caughtUp(a.client, destination.client);
  second.start();
  await second.caughtUp(b.client, destination.client);
  // One that is made by a command that is not blind, one by another, and one that nobody else has.
  await b.client.incr("both:15");
  await b.client.set("both:16", "b's");
  await b.client.set("own", "b's");
  await second.caughtUp(b.client, destination.client);
  await until(() => second.latest?.merge?.collisions === 12, { what: "twelve collisions are told" });
  const samples = second.latest!.merge!.samples.filter(({ kind }) => kind === "collision");
  expect(samples).toHaveLength(5);
  expect(samples.every(({ key, shard }) => /^both:\d+$/.test(key) && shard === "task first")).toBe(true);
  expect(await destination.client.mget("both:15", "both:16", "a:1")).toEqual(["1", "b's", "1"]);
  expect(first.latest?.merge?.collisions).toBe(0);
});
