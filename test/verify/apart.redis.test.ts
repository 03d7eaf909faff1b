import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import type { RepairKey } from "../../server/verify/repair-outcome.ts";
import { startRedis, until } from "../servers/index.ts";
import { endpointAt, SyncForTest } from "../sync/harness/sync-for-test.ts";
import { repairOf } from "./repair-for-test.ts";
import { foundIn, verificationOf } from "./verify-for-test.ts";

const extra = (key: string): RepairKey => ({
  ...{ kind: "extra", shard: null, db: 0, sourceDb: 0 },
  key: Buffer.from(key),
});

test("lists apart what the destination does not take for its size", async () => {
  const shard = await startRedis();
  const destination = await startRedis({ conf: { "proto-max-bulk-len": "1mb" } });
  await shard.client.set("plain", "v");
  const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(destination) }).start();
  await sync.reaches("synchronizing");
  // What does not compress: a value that does may be small enough to be copied whole.
  await shard.client.append("large", randomBytes(700_000));
  await shard.client.append("large", randomBytes(700_000));
  await until(async () => (await destination.client.exists("tributary:left-out:test:s0")) === 1, {
    what: "it is left out",
    timeoutMs: 60_000,
  });
  await sync.caughtUp(shard.client, destination.client);
  const verdict = await verificationOf([shard], destination).run();
  expect(foundIn(verdict)).toEqual(["left-out 0:large"]);
  expect(verdict).toMatchObject({ outcome: "equal", differences: 0 });
  expect(verdict.notes).toEqual([
    "1 key left out, since the destination does not accept values of their size",
  ]);
});

test("lists apart what lay on the destination before the task, and no repair removes it", async () => {
  const [shard, destination] = [await startRedis(), await startRedis()];
  await destination.client.set("before", "v");
  await shard.client.set("plain", "v");
  const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(destination) }).start();
  await sync.reaches("synchronizing");
  await sync.caughtUp(shard.client, destination.client);
  await destination.client.set("extra", "v");
  const verdict = await verificationOf([shard], destination).run();
  expect(foundIn(verdict)).toEqual(["extra 0:extra", "former 0:before"]);
  const repaired = await repairOf([shard], destination, [extra("before"), extra("extra")]);
  expect(repaired.map(({ outcome }) => outcome)).toEqual(["kept", "deleted"]);
  expect(await destination.client.mget("before", "extra")).toEqual(["v", null]);
});

test("no repair removes a neighbor's key, nor one that a shard has by now", async () => {
  const [shard, theirs, destination] = [await startRedis(), await startRedis(), await startRedis()];
  await theirs.client.set("theirs", "v");
  await shard.client.set("plain", "v");
  const task = (taskId: string, source: typeof shard) =>
    new SyncForTest({ taskId, source: endpointAt(source), destination: endpointAt(destination) }).start();
  const [sync, neighbor] = [task("test", shard), task("neighbor", theirs)];
  for (const one of [sync, neighbor]) await one.reaches("synchronizing");
  await until(() => sync.eventsOf("neighbors-changed").length > 0, {
    what: "the neighbor was seen",
    timeoutMs: 60_000,
  });
  await until(async () => (await destination.client.exists("theirs", "plain")) === 2, {
    what: "they are there",
  });
  const repaired = await repairOf([shard], destination, [extra("theirs"), extra("plain")]);
  expect(repaired.map(({ outcome }) => outcome)).toEqual(["kept", "equal"]);
  expect(await destination.client.mget("theirs", "plain")).toEqual(["v", "v"]);
});

test("after a cutover nothing is noted any more", async () => {
  const [shard, destination] = [await startRedis(), await startRedis()];
  await shard.client.set("plain", "v");
  const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(destination) }).start();
  await sync.reaches("synchronizing");
  await sync.stop({ forgetCheckpoint: true });
  await destination.client.set("extra", "v");
  await expect(repairOf([shard], destination, [extra("extra")])).rejects.toThrow(/has no checkpoint/);
  expect(await destination.client.keys("tributary:*")).toEqual([]);
});
