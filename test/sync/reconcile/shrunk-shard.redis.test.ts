import type { Redis } from "ioredis";
import { expect, test } from "vitest";
import { SHRINK_POLICY } from "../../../server/sync/spec/shard-sync-spec.ts";
import { type RedisServer, startRedis, until } from "../../servers/index.ts";
import { expectUnion } from "../harness/expect-union.ts";
import { outrunBacklog, ReconcileTask, startShard } from "../harness/reconcile-task.ts";

async function fill(client: Redis, prefix: string, keys: number): Promise<void> {
  const pipeline = client.pipeline();
  for (let n = 0; n < keys; n++) pipeline.set(`${prefix}${n}`, n);
  await pipeline.exec();
}

/** A shard that has lost 1,500 of 2,000 keys while nobody applied its stream, beside one that has lost none. */
async function shrunk(more: ConstructorParameters<typeof ReconcileTask>[3] = {}) {
  const shards = [await startShard(), await startShard()];
  const destination = await startRedis();
  await fill(shards[0]!.client, "a:", 2000);
  await fill(shards[1]!.client, "b:", 2000);
  const task = new ReconcileTask(shards, destination, { kind: "all" }, more);
  task.start(0, 1);
  await task.caughtUp(0, 1);
  await task.stop();
  await lose(shards[0]!, 1500);
  return { shards, destination, task };
}

/** Until then the checkpoint before may say that all is applied. */
async function copied(task: ReconcileTask, attempt: number): Promise<void> {
  const done = () => {
    const sync = task.report(0)?.initialSync;
    return sync?.attempt === attempt && sync.finishedAt !== null;
  };
  await until(done, { what: "the shard is copied again", timeoutMs: 60_000 });
}

async function lose({ client }: RedisServer, keys: number): Promise<void> {
  await client.del(Array.from({ length: keys }, (_, n) => `a:${n}`));
  await outrunBacklog(client);
}

test("a shard that has lost more than the bound is held before anything is removed, and follows when told to", async () => {
  const { shards, destination, task } = await shrunk();
  task.start(0, 1);
  const held = await task.held(0);
  expect(held).toMatchObject({ code: "SHARD_SHRANK", wouldRemove: 1500, of: 2000 });
  expect(held.sample).toHaveLength(5);
  expect(task.report(0)!.reason!.code).toBe("SHARD_SHRANK");
  expect(await destination.client.dbsize()).toBeGreaterThan(4000);
  // Its stream waits; the other shard's goes on.
  await shards[0]!.client.set("a:since", "1");
  await task.caughtUp(1);
  expect(await destination.client.exists("a:since")).toBe(0);
  const alerts = () => task.events.filter(({ type }) => type === "shard-shrank");
  await until(() => alerts().length > 0, { what: "there is an alert" });
  expect(alerts()).toMatchObject([{ level: "alert" }]);

  task.sync(0).decide("follow");
  await task.caughtUp(0);
  await expectUnion(shards, destination);
  const goesOn = () => task.report(0)?.status === "synchronizing" && task.report(0)?.differs === null;
  await until(goesOn, { what: "it goes on, and nothing differs" });
  expect(task.report(0)!.held).toBeNull();
});

test("a copy that is kept differs, across a restart, until the shard is synchronized again and followed", async () => {
  const { shards, destination, task } = await shrunk();
  task.start(0, 1);
  await task.held(0);
  task.sync(0).decide("keep");
  await task.caughtUp(0, 1);
  expect(await destination.client.exists("a:0")).toBe(1);
  await until(() => task.differs(0).includes("KEYS_KEPT"), { what: "it differs" });
  await task.stop();
  task.start(0, 1);
  await until(() => task.differs(0).includes("KEYS_KEPT"), { what: "it still differs" });
  // Another full sync by itself goes by what was decided, and one of a sibling removes nothing of it.
  await task.forceFullSync(0);
  await task.forceFullSync(1);
  await copied(task, 1);
  await task.caughtUp(0, 1);
  expect(await destination.client.exists("a:0")).toBe(1);

  await until(() => task.report(0)?.status === "synchronizing", { what: "it goes on" });
  task.sync(0).resync();
  await task.held(0);
  task.sync(0).decide("follow");
  await task.caughtUp(0, 1);
  await expectUnion(shards, destination);
  await until(() => task.report(0)?.differs === null, { what: "nothing differs any more" });
});

test("a task may always follow", async () => {
  const { shards, destination, task } = await shrunk({ shrink: { ...SHRINK_POLICY, onShrink: "follow" } });
  task.start(0, 1);
  await task.caughtUp(0, 1);
  await expectUnion(shards, destination);
  expect([...task.statuses].filter((status) => status.endsWith("held"))).toEqual([]);
});

test("a task may always keep", async () => {
  const { destination, task } = await shrunk({ shrink: { ...SHRINK_POLICY, onShrink: "keep" } });
  task.start(0, 1);
  await task.caughtUp(0, 1);
  expect(await destination.client.exists("a:0", "a:1499")).toBe(2);
  await until(() => task.differs(0).includes("KEYS_KEPT"), { what: "it differs" });
});

test("a shard that comes back empty has emptied nothing while it is held", async () => {
  const { shards, destination, task } = await shrunk();
  task.start(0, 1);
  await task.held(0);
  task.sync(0).decide("follow");
  await task.caughtUp(0, 1);
  await fill(shards[0]!.client, "a:", 3000);
  await task.caughtUp(0, 1);
  await task.stop();
  const { client } = shards[0]!;
  await client.flushall();
  await client.call("DEBUG", "CHANGE-REPL-ID");
  task.start(0, 1);
  expect(await task.held(0)).toMatchObject({ wouldRemove: 3000, of: 3000 });
  expect(await destination.client.exists("a:0", "a:2999")).toBe(2);
  await task.stop();
  expect(await destination.client.exists("a:0", "a:2999")).toBe(2);
});

test("what a shard has flushed is removed when it is synchronized again on request, within the bound", async () => {
  const shards = [await startShard(), await startShard()];
  const destination = await startRedis();
  await fill(shards[0]!.client, "a:", 300);
  await fill(shards[1]!.client, "b:", 300);
  const task = new ReconcileTask(shards, destination);
  task.start(0, 1);
  await task.caughtUp(0, 1);
  await shards[0]!.client.flushall();
  await shards[0]!.client.set("a:0", "since");
  await task.caughtUp(0, 1);
  await until(() => task.differs(0).includes("FLUSHALL"), { what: "it differs" });
  expect(await destination.client.dbsize()).toBeGreaterThan(600);
  task.sync(0).resync();
  await copied(task, 2);
  await task.caughtUp(0, 1);
  await expectUnion(shards, destination);
  await until(() => task.report(0)?.differs === null, { what: "nothing differs any more" });
});

test("what differs can be acknowledged, also across a restart", async () => {
  const shards = [await startShard()];
  const destination = await startRedis();
  await fill(shards[0]!.client, "a:", 10);
  const task = new ReconcileTask(shards, destination);
  task.start(0);
  await task.caughtUp(0);
  await shards[0]!.client.flushdb();
  await until(() => task.differs(0).includes("FLUSHDB"), { what: "it differs" });
  const field = () => destination.client.hget("tributary:checkpoint:reconcile", "s0:differs");
  await until(async () => (await field()) !== null, { what: "that is kept on the destination" });
  task.sync(0).acknowledge();
  await until(() => task.report(0)?.differs === null, { what: "nothing differs" });
  await until(async () => (await field()) === null, { what: "that is kept on the destination" });
});
