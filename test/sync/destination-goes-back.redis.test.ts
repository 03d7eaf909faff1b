import { copyFile, cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseCheckpoint } from "../../server/sync/checkpoint.ts";
import { checkpointKey } from "../../server/sync/own-keys.ts";
import { type RedisServer, startRedis, temporaryFolder, until } from "../servers/index.ts";
import { fillMixed } from "../traffic/fill-mixed.ts";
import { TrafficWriter } from "../traffic/traffic-writer.ts";
import { seed } from "./check-property.ts";
import { expectUnion } from "./expect-union.ts";
import { endpointAt, SyncForTest } from "./sync-for-test.ts";

const MiB = 1024 * 1024;

/**
 * A sync of a shard whose backlog holds next to nothing, with a writer. The destination's looks at INFO come
 * quickly, so that little time has to pass.
 */
async function running(conf: Record<string, string>, spec: { spoolQuotaBytes?: number } = {}) {
  const shard = await startRedis({ conf: { "repl-backlog-size": "16kb" } });
  const destination = await startRedis({ conf });
  await fillMixed(shard.client, { keys: 500, seed });
  const sync = new SyncForTest(
    { source: endpointAt(shard), destination: endpointAt(destination), ...spec },
    { destinationPollMs: 200, destinationLossMs: 2_000 },
  ).start();
  await sync.reaches("synchronizing");
  const writer = new TrafficWriter(shard.client, {
    seed,
    through: "direct",
    commandsPerSecond: 1_000,
  }).start();
  const sent = async () =>
    Number(/master_repl_offset:(\d+)/.exec(await shard.client.info("replication"))![1]);
  const applied = async () => {
    const text = await destination.client.hget(checkpointKey("test"), "s0").catch(() => null);
    return Number(parseCheckpoint(text ?? "")?.offset ?? 0);
  };
  /** Lets at least `bytes` of the stream pass, counters and lists among them, at the destination's speed. */
  const passes = async (bytes: number) => {
    const to = (await sent()) + bytes;
    const value = "v".repeat(200_000);
    await until(
      async () => {
        const pipeline = shard.client.pipeline();
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
  const equal = async () => {
    await writer.stop();
    await sync.caughtUp(shard.client, destination.client, 60_000);
    await sync.stop();
    return await expectUnion([shard], destination);
  };
  return { shard, destination, sync, passes, equal };
}

const statOf = async (server: RedisServer, name: string) =>
  Number(new RegExp(`${name}:(\\d+)`).exec(await server.client.info("stats"))![1]);

test("a destination whose AOF lacks the last writes gets them out of the spool, long after the backlog has moved on", async () => {
  const { shard, destination, sync, passes, equal } = await running({
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
    await sync.reaches("synchronizing", 30_000);
    await passes(MiB);
  }
  await equal();
  expect(sync.eventsOf("destination-went-back")).toEqual([]);
  expect(await statOf(shard, "sync_full")).toBe(1);
});

test("a destination that comes back with an older RDB gets the rest out of the spool", async () => {
  const { shard, destination, sync, passes, equal } = await running({ save: "3600 1000000000" });
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
  expect(sync.latest?.spool.diskBytes).toBeGreaterThan(8 * MiB);
  await destination.kill();
  await copyFile(old, join(destination.directory, "dump.rdb"));
  await destination.restart();
  await passes(MiB);
  await equal();
  expect(sync.eventsOf("destination-went-back")).toEqual([]);
  expect(await statOf(shard, "sync_full")).toBe(1);
});

test("a destination that goes back behind what is kept is filled again, and holds the truth", async () => {
  const { shard, destination, sync, passes, equal } = await running(
    { save: "3600 1000000000" },
    { spoolQuotaBytes: 16 * MiB },
  );
  await shard.client.set("deleted later", "1");
  await passes(MiB);
  await destination.client.save();
  const old = join(temporaryFolder(), "dump.rdb");
  await copyFile(join(destination.directory, "dump.rdb"), old);
  await shard.client.del("deleted later");
  await passes(60 * MiB);
  await destination.kill();
  await copyFile(old, join(destination.directory, "dump.rdb"));
  await destination.restart();
  await until(() => sync.latest?.initialSync?.attempt === 2, {
    what: "a new initial sync",
    timeoutMs: 30_000,
  });
  await sync.reaches("synchronizing", 60_000);
  await equal();
  expect(sync.eventsOf("destination-went-back").length).toBe(1);
  expect(await statOf(shard, "sync_full")).toBe(2);
  expect(await destination.client.exists("deleted later")).toBe(0);
});

test("a destination that keeps nothing costs no write to the disk", async () => {
  const { sync, passes, equal } = await running({});
  let most = 0;
  for (let times = 0; times < 10; times++) {
    await passes(4 * MiB);
    most = Math.max(most, sync.latest?.spool.diskBytes ?? 0);
  }
  expect(most).toBe(0);
  await equal();
});
