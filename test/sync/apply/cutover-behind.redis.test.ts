import { expect, test } from "vitest";
import { startRedis } from "../../servers/index.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";

async function running() {
  const shard = await startRedis();
  const destination = await startRedis();
  await shard.client.set("counter", 0);
  const proxy = await TcpProxy.start(shard.port);
  const sync = new SyncForTest({ source: endpointAt(proxy), destination: endpointAt(destination) }).start();
  await sync.reaches("synchronizing");
  await sync.caughtUp(shard.client, destination.client);
  return { shard, destination, proxy, sync };
}

test("a cutover applies what the shard had written by then, also what is still on its way", async () => {
  const { shard, destination, proxy, sync } = await running();
  proxy.shape.down = { bytesPerSecond: 300_000 };
  for (let n = 0; n < 100; n++)
    await shard.client.multi().incr("counter").append("filler", "x".repeat(10_000)).exec();
  await sync.stop({ forgetCheckpoint: true });
  expect(await destination.client.get("counter")).toBe("100");
  expect(sync.events.filter(({ type }) => type.startsWith("cutover"))).toEqual([]);
}, 60_000);
