import { expect, test } from "vitest";
import { startRedis, until } from "../../servers/index.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";

test("tells a write and a DEL by a client from keys that expire", async () => {
  const [shard, destination] = await Promise.all([startRedis(), startRedis()]);
  for (let number = 0; number < 50; number++) await shard.client.set(`brief:${number}`, "x", "PX", 6000);
  await shard.client.mset("a", "1", "b", "2");
  const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(destination) }).start();
  await sync.reaches("synchronizing");
  const writes = () => sync.latest!.stream!.writes!;
  const expired = async () => Number(/expired_keys:(\d+)/.exec(await shard.client.info("stats"))![1]) - 50;
  await until(async () => (await expired()) === 0, { timeoutMs: 30_000, what: "50 keys have expired" });
  await until(
    async () =>
      (await destination.client.exists("a", "brief:0")) === 1 &&
      (await destination.client.keys("brief:*")).length === 0,
    {
      timeoutMs: 30_000,
      what: "the destination has heard of it",
    },
  );
  await shard.client.set("c", "3");
  await until(() => writes().count === 1, { timeoutMs: 30_000, what: "SET is counted" });
  expect(writes().commands).toEqual(["SET"]);
  await shard.client.del("a");
  await until(() => writes().count === 2, { timeoutMs: 30_000, what: "DEL is counted" });
  expect(writes().commands).toEqual(["DEL"]);
}, 90_000);
