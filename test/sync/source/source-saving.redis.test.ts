import { mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type RedisServer, startRedis, until } from "../../servers/index.ts";
import { fillMixed } from "../../traffic/fill-mixed.ts";
import { TrafficWriter } from "../../traffic/traffic-writer.ts";
import { seed } from "../harness/check-property.ts";
import { expectUnion } from "../harness/expect-union.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";

const writeTo = (shard: RedisServer) =>
  new TrafficWriter(shard.client, {
    seed,
    through: "direct",
    commandsPerSecond: 1_000,
  }).start();

async function persistence(shard: RedisServer, field: string): Promise<string> {
  return new RegExp(`${field}:(\\S*)`).exec(await shard.client.info("persistence"))?.[1] ?? "";
}

test("a BGSAVE that fails on the shard's disk is said to have failed, and the sync goes on when one works", async () => {
  const shard = await startRedis({
    conf: { "enable-protected-configs": "yes", "repl-diskless-sync": "no" },
  });
  const destination = await startRedis();
  await fillMixed(shard.client, { keys: 2_000, seed });
  // The RDB cannot be renamed onto a folder: BGSAVE fails at its very end.
  mkdirSync(join(shard.directory, "taken"));
  await shard.client.config("SET", "dbfilename", "taken");
  const writer = writeTo(shard);
  const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(destination) }).start();
  await until(() => sync.latest?.reason?.code === "SOURCE_BGSAVE_FAILED", { what: "the reason is said" });
  expect(sync.latest).toMatchObject({ status: "retrying", reason: { retried: true } });
  expect(sync.latest?.reason?.message).toContain("rdb_last_bgsave_status:err");
  await shard.client.config("SET", "dbfilename", "free.rdb");
  await sync.reaches("synchronizing", 40_000);
  await writer.stop();
  await sync.caughtUp(shard.client, destination.client);
  await sync.stop();
  await expectUnion([shard], destination);
}, 90_000);

test("a diskless BGSAVE whose child is killed is made again", async () => {
  const shard = await startRedis({ conf: { "rdb-key-save-delay": "2000" } });
  const destination = await startRedis();
  await fillMixed(shard.client, { keys: 2_000, seed });
  const writer = writeTo(shard);
  const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(destination) }).start();
  for (let kill = 0; kill < 2; kill++) {
    const child = await until(
      async () => {
        const saving = (await persistence(shard, "rdb_bgsave_in_progress")) === "1";
        return saving && (await childOf(shard.pid));
      },
      { what: "the shard's child saves" },
    );
    process.kill(child, "SIGKILL");
    const failed = kill + 1;
    await until(() => sync.eventsOf("source-link-lost").length >= failed, { what: "the loss is said" });
  }
  await shard.client.config("SET", "rdb-key-save-delay", "0");
  await sync.reaches("synchronizing", 40_000);
  expect(sync.eventsOf("source-link-lost")[0]?.message).toMatch(/during the RDB|made its RDB/);
  await writer.stop();
  await sync.caughtUp(shard.client, destination.client);
  await sync.stop();
  await expectUnion([shard], destination);
}, 90_000);

async function childOf(pid: number): Promise<number | null> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.trim() === "" ? null : Number(text.trim().split(" ")[0]);
}
