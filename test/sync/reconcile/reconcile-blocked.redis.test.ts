import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Redis } from "ioredis";
import { expect, test } from "vitest";
import { fingerprintSetId } from "../../../server/sync/reconcile/key-fingerprint-set.ts";
import { KeyFingerprintWriter } from "../../../server/sync/reconcile/key-fingerprint-writer.ts";
import { GiveUp } from "../../../server/sync/reconcile/reconcile-patience.ts";
import { startRedis, temporaryFolder, until } from "../../servers/index.ts";
import { expectUnion } from "../harness/expect-union.ts";
import { outrunBacklog, ReconcileTask, startShard } from "../harness/reconcile-task.ts";
import { smallDisk } from "../harness/small-disk.ts";

const notShared = () => Promise.reject(new Error("too many to be shared"));
const IMPATIENT = { limits: { patienceMs: 300 } };

async function fill(client: Redis, prefix: string, keys = 200): Promise<void> {
  const pipeline = client.pipeline();
  for (let n = 0; n < keys; n++) pipeline.hset(`${prefix}${n}`, "f", n);
  await pipeline.exec();
}

/** The first of two shards has deleted keys that nobody has applied, and the second lets nobody ask it. */
async function unanswering() {
  const shards = [await startShard(), await startShard()];
  const destination = await startRedis();
  await fill(shards[0]!.client, "a:");
  await fill(shards[1]!.client, "b:");
  const task = new ReconcileTask(shards, destination, { kind: "all" }, {}, IMPATIENT);
  task.start(0, 1);
  await task.caughtUp(0, 1);
  await task.stop(0);
  await shards[0]!.client.del("a:0", "a:1");
  await outrunBacklog(shards[0]!.client);
  await shards[1]!.client.config("SET", "requirepass", "secret");
  task.start(0);
  const held = await task.held(0);
  return { shards, destination, task, held };
}

test("a shard waits before its stream for a sibling that does not answer, says so, and goes on by itself", async () => {
  const { shards, destination, task, held } = await unanswering();
  expect(held).toMatchObject({ code: "RECONCILE_BLOCKED" });
  expect(held.waitsFor).toContain("s1");
  expect(task.report(0)!.reason!.code).toBe("RECONCILE_BLOCKED");
  // Were it applied, it would build on a hash that should be gone.
  await shards[0]!.client.hset("a:0", "g", "new");
  await until(() => task.eventsOf("reconcile-blocked").length === 1, { what: "there is an alert" });
  expect(await destination.client.hget("a:0", "g")).toBeNull();
  await shards[1]!.client.config("SET", "requirepass", "");
  await task.caughtUp(0, 1);
  await expectUnion(shards, destination);
  expect(task.differs(0)).toEqual([]);
});

test("keys that may be left over are kept by the user's choice alone, and the shard then differs", async () => {
  const { shards, destination, task } = await unanswering();
  task.sync(0).decide("keep");
  await task.caughtUp(0);
  expect(await destination.client.exists("a:0", "a:1")).toBe(2);
  await until(() => task.differs(0).includes("RECONCILE_SKIPPED"), { what: "it differs" });
  await until(() => task.report(0)?.status === "synchronizing", { what: "it goes on" });
  await shards[1]!.client.config("SET", "requirepass", "");
});

test("reconciles two shards that are copied again at once while the disk is full", async (context) => {
  const folder = smallDisk(1);
  if (folder === null) return context.skip();
  const shards = [await startShard(), await startShard()];
  const destination = await startRedis();
  await fill(shards[0]!.client, "a:", 2000);
  await fill(shards[1]!.client, "b:", 2000);
  const task = new ReconcileTask(shards, destination, { kind: "all" }, {}, { folder });
  task.start(0, 1);
  await task.caughtUp(0, 1);
  await task.stop();
  for (const [index, { client }] of shards.entries()) {
    await client.del(Array.from({ length: 100 }, (_, n) => `${index === 0 ? "a" : "b"}:${n}`));
    await outrunBacklog(client);
  }
  await writeFile(join(folder, "filler"), Buffer.alloc(2 ** 20)).catch(() => {});
  task.start(0, 1);
  await task.caughtUp(0, 1);
  await expectUnion(shards, destination);
  expect(task.eventsOf("stale-keys-kept")).toEqual([]);
  expect(await destination.client.keys("tributary:noted:*")).toEqual([]);
});

test("more keys than are held in memory wait for a disk that takes nothing, and are whole once it does", async () => {
  const folder = temporaryFolder();
  const said: string[] = [];
  let over = 0;
  const blocked = { afterMs: 0, by: (why: string) => void said.push(why), over: () => void over++ };
  const writer = await KeyFingerprintWriter.begin(folder, Date.now, blocked, 100);
  await writeFile(join(folder, "keys-unfinished"), "in the way");
  for (let n = 0; n < 1000; n++) writer.add(0, Buffer.from(`key:${n}`));
  const finished = writer.finish(notShared);
  await until(() => said.length > 0, { what: "it says what it waits for" });
  expect(said[0]).toContain("cannot be noted on disk");
  expect(await fingerprintSetId(folder)).toBeNull();
  await rm(join(folder, "keys-unfinished"));
  await finished;
  expect(over).toBe(1);
  expect(writer.table()).toBeNull();
  expect(await fingerprintSetId(folder)).not.toBeNull();
  await writer.close();
});

test("noting keys on a disk that takes nothing is given up where the user does not want to wait", async () => {
  const folder = temporaryFolder();
  const giveUp = (why: string) => {
    throw new GiveUp(why);
  };
  const blocked = { afterMs: 0, by: giveUp, over: () => {} };
  const writer = await KeyFingerprintWriter.begin(folder, Date.now, blocked, 100);
  await writeFile(join(folder, "keys-unfinished"), "in the way");
  for (let n = 0; n < 1000; n++) writer.add(0, Buffer.from(`key:${n}`));
  await writer.finish(notShared);
  expect(writer.givenUp).toBe(true);
  await writer.close();
});
