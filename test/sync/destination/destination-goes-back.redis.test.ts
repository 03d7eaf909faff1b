import { copyFile, cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseCheckpoint } from "../../../server/sync/checkpoint/checkpoint.ts";
import { checkpointKey } from "../../../server/sync/checkpoint/own-keys.ts";
import { type RedisServer, startRedis, temporaryFolder, until } from "../../servers/index.ts";
import type { SyncForTest } from "../harness/sync-for-test.ts";
import { TwoShards } from "../harness/two-shards.ts";

const MiB = 1024 * 1024;

/**
 * A task whose shards' backlogs hold next to nothing, with writers. The destination's looks at INFO come quickly, so
 * that little time has to pass.
 */
async function running(conf: Record<string, string>, spec: { spoolQuotaBytes?: number } = {}) {
  const destination = await startRedis({ conf });
  const task = await TwoShards.running(destination, {
    backlog: "16kb",
    keys: 500,
    commandsPerSecond: 500,
    limits: { destinationPollMs: 200, destinationLossMs: 2_000 },
    spec,
  });
  // A save that was there at the first look is of before this task's time.
  await until(() => task.syncs.every(({ latest }) => latest?.destination != null), {
    what: "the destination was looked at",
  });
  const { client } = task.shards[0]!;
  const sent = async () => Number(/master_repl_offset:(\d+)/.exec(await client.info("replication"))![1]);
  const applied = async () => {
    const text = await destination.client.hget(checkpointKey("test"), "s0").catch(() => null);
    return Number(parseCheckpoint(text ?? "")?.offset ?? 0);
  };
  /** Lets at least `bytes` of the first shard's stream pass, counters and lists among them, at the destination's speed. */
  const passes = async (bytes: number) => {
    const to = (await sent()) + bytes;
    const value = "v".repeat(200_000);
    await until(
      async () => {
        const pipeline = client.pipeline();
        for (let n = 0; n < 5; n++) {
          pipeline.incr("counter").append("text", "ab").rpush("list", "item").set(`large:${n}`, value);
        }
        await pipeline.exec();
        const now = await sent();
        await until(async () => (await applied()) > now - MiB, { what: "it is applied", timeoutMs: 30_000 });
        return now > to;
      },
      { what: `${bytes} bytes pass`, timeoutMs: 90_000, everyMs: 1 },
    );
  };
  return { task, destination, passes };
}

test("a destination whose AOF lacks the last writes gets them out of the spool, long after the backlog has moved on", async () => {
  const { task, destination, passes } = await running({
    appendonly: "yes",
    appendfsync: "everysec",
    "auto-aof-rewrite-percentage": "0",
  });
  const aof = join(destination.directory, "appendonlydir");
  await passes(2 * MiB);
  for (let time = 0; time < 2; time++) {
    // What a host that loses its power had on disk.
    const asItWas = join(temporaryFolder(), "aof");
    await cp(aof, asItWas, { recursive: true });
    await passes(12 * MiB);
    await destination.kill();
    await rm(aof, { recursive: true });
    await cp(asItWas, aof, { recursive: true });
    await destination.restart();
    await task.reach("synchronizing");
    await passes(MiB);
  }
  await task.expectEqual(destination);
  expect(task.eventsOf("destination-went-back")).toEqual([]);
  expect(await task.fullSyncs()).toEqual([1, 1]);
});

test("a destination that comes back with an older RDB gets the rest out of the spool", async () => {
  const { task, destination, passes } = await running({ save: "3600 1000000000" });
  await destination.client.bgsave();
  await until(async () => /rdb_bgsave_in_progress:0/.test(await destination.client.info("persistence")), {
    what: "the RDB is saved",
  });
  const old = join(temporaryFolder(), "dump.rdb");
  await copyFile(join(destination.directory, "dump.rdb"), old);
  // More than memory holds, for longer than what any destination may lose.
  const savedAt = Date.now();
  await passes(30 * MiB);
  await until(() => Date.now() > savedAt + 5_000, { what: "that time has passed" });
  await passes(2 * MiB);
  expect(task.syncs[0]?.latest?.spool.diskBytes).toBeGreaterThan(8 * MiB);
  await destination.kill();
  await copyFile(old, join(destination.directory, "dump.rdb"));
  await destination.restart();
  await passes(MiB);
  await task.expectEqual(destination);
  expect(task.eventsOf("destination-went-back")).toEqual([]);
  expect(await task.fullSyncs()).toEqual([1, 1]);
});

test("a destination that goes back behind what is kept is filled again, and holds the truth", async () => {
  const { task, destination, passes } = await running(
    { save: "3600 1000000000" },
    { spoolQuotaBytes: 16 * MiB },
  );
  const [{ client }] = task.shards as [RedisServer, RedisServer];
  const [first, second] = task.syncs as [SyncForTest, SyncForTest];
  await client.set("deleted later", "1");
  await passes(MiB);
  await destination.client.save();
  const old = join(temporaryFolder(), "dump.rdb");
  await copyFile(join(destination.directory, "dump.rdb"), old);
  await client.del("deleted later");
  await passes(60 * MiB);
  await destination.kill();
  await copyFile(old, join(destination.directory, "dump.rdb"));
  await destination.restart();
  await until(() => first.latest?.initialSync?.attempt === 2, {
    what: "a new initial sync",
    timeoutMs: 30_000,
  });
  await first.reaches("synchronizing", 60_000);
  await task.expectEqual(destination);
  expect(first.eventsOf("destination-went-back").length).toBe(1);
  // Of the other one little was written: its spool has all that is missing.
  expect(second.eventsOf("destination-went-back")).toEqual([]);
  expect(await task.fullSyncs()).toEqual([2, 1]);
  expect(await destination.client.exists("deleted later")).toBe(0);
});

test("a destination that keeps nothing costs no write to the disk", async () => {
  const { task, destination, passes } = await running({});
  let most = 0;
  for (let times = 0; times < 10; times++) {
    await passes(4 * MiB);
    for (const { latest } of task.syncs) most = Math.max(most, latest?.spool.diskBytes ?? 0);
  }
  expect(most).toBe(0);
  await task.expectEqual(destination);
});
