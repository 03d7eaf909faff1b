import { expect, test } from "vitest";
import { startRedis } from "../../servers/index.ts";
import { expectUnion } from "../harness/expect-union.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";

const running = async () => {
  const shard = await startRedis({ conf: { databases: "32" } });
  const destination = await startRedis();
  const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(destination) });
  return { shard, destination, sync };
};

test("keys of a database that the destination has not stay out of every other, and the sync fails with the reason", async () => {
  const { shard, destination, sync } = await running();
  await shard.client.set("a", 1);
  await shard.client.select(20);
  await shard.client.set("of 20", 1);
  sync.start();
  await sync.reaches("failed");
  expect(sync.latest?.reason).toMatchObject({ code: "DATABASE_MISSING" });
  expect(sync.latest?.reason?.message).toContain("no database 20: it has 16");
  expect(await destination.client.exists("of 20")).toBe(0);
});

test.each([
  [
    ["SELECT", "20"],
    ["SET", "of 20", "1"],
  ],
  [
    ["SET", "of 20", "1"],
    ["MOVE", "of 20", "20"],
  ],
  [
    ["SET", "a", "1"],
    ["COPY", "a", "of 20", "DB", "20"],
  ],
])("a write to such a database ends the stream before it: %s %s", async (...commands) => {
  const { shard, destination, sync } = await running();
  sync.start();
  await sync.reaches("synchronizing");
  await shard.client.set("before", 1);
  for (const [name, ...args] of commands) await shard.client.call(name!, ...args);
  await shard.client.select(0);
  await shard.client.incr("after");
  await sync.reaches("failed");
  expect(sync.latest?.reason).toMatchObject({ code: "DATABASE_MISSING" });
  expect(await destination.client.exists("after")).toBe(0);
  if (commands[0]![0] === "SELECT") expect(await destination.client.exists("of 20")).toBe(0);
  await sync.stop();
  expect(sync.refused()).toEqual([]);
});

test("a message that was published from such a database is passed on", async () => {
  const { shard, destination, sync } = await running();
  sync.start();
  await sync.reaches("synchronizing");
  await shard.client.select(20);
  await shard.client.publish("news", "flows");
  await shard.client.select(0);
  await shard.client.set("after", 1);
  await sync.caughtUp(shard.client, destination.client);
  await expectUnion([shard], destination);
});
