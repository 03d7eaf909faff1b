import type { Redis } from "ioredis";
import { expect, test } from "vitest";
import { startRedis } from "../../servers/index.ts";
import { expectUnion } from "../harness/expect-union.ts";
import { outrunBacklog, ReconcileTask, startShard } from "../harness/reconcile-task.ts";

/** A task of two shards of which the first was flushed while it ran, and is not running any more. */
async function flushedTask() {
  const shards = [await startShard(), await startShard()];
  const [flushed, other] = [shards[0]!.client, shards[1]!.client];
  const destination = await startRedis();
  for (let n = 0; n < 200; n++) {
    await flushed.rpush(`flushed:${n}`, "a", "b");
    await other.set(`other:${n}`, n);
  }
  const task = new ReconcileTask(shards, destination);
  task.start(0, 1);
  await task.caughtUp(0, 1);
  await flushed.flushall();
  await flushed.rpush("flushed:0", "since");
  await task.caughtUp(0, 1);
  await task.settled();
  // The flush was not applied, and yet the key that was written again does not build on what was there.
  expect(await destination.client.lrange("flushed:0", 0, -1)).toEqual(["since"]);
  expect(await destination.client.exists("flushed:1", "other:1")).toBe(2);
  await task.stop();
  expect(task.events.filter(({ type }) => type === "flushall-skipped")).toMatchObject([{ level: "alert" }]);
  return { shards, flushed, other, destination, task };
}

async function syncAgain(task: ReconcileTask, shard: number, client: Redis): Promise<void> {
  await outrunBacklog(client);
  task.start(0, 1);
  await task.caughtUp(0, 1);
  expect(task.report(shard)?.initialSync).not.toBeNull();
}

test("what a flushed shard held stays on the destination until it is synced again", async () => {
  const { shards, flushed, destination, task } = await flushedTask();
  await syncAgain(task, 0, flushed);
  expect(await destination.client.exists("other:1")).toBe(1);
  expect(task.eventsOf("stale-keys-removed")).toEqual([
    "s0: Removed 199 keys that the source no longer has.",
  ]);
  await expectUnion(shards, destination);
});

test("what a flushed shard held is not for another shard's sync to remove", async () => {
  const { other, destination, task } = await flushedTask();
  await other.del("other:2");
  await syncAgain(task, 1, other);
  expect(await destination.client.exists("flushed:1", "other:1")).toBe(2);
  expect(task.eventsOf("stale-keys-removed")).toEqual([]);
  expect(task.differs(1)).toEqual(["SIBLING_KEYS"]);
});
