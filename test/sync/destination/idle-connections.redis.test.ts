import { expect, test } from "vitest";
import { startRedis, until } from "../../servers/index.ts";
import { fillMixed } from "../../traffic/fill-mixed.ts";
import { TrafficWriter } from "../../traffic/traffic-writer.ts";
import { seed } from "../harness/check-property.ts";
import { expectUnion } from "../harness/expect-union.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";

const BURSTS = 6;

test("connections that a proxy drops whenever they are idle are made again, and bursts between are applied once", async () => {
  const shard = await startRedis({ conf: { "repl-backlog-size": "64mb" } });
  const destination = await startRedis();
  await fillMixed(shard.client, { keys: 2_000, seed });
  // Shorter than the second between two ACKs: the link to the shard is dropped as well as the destination's.
  const [near, far] = [await TcpProxy.start(shard.port), await TcpProxy.start(destination.port)];
  const sync = new SyncForTest({ source: endpointAt(near), destination: endpointAt(far) }).start();
  await sync.reaches("synchronizing");
  near.idleMs = far.idleMs = 300;
  near.cut();
  far.cut();
  for (let burst = 0; burst < BURSTS; burst++) {
    const dropped = [near.broken, far.broken];
    const before = sync.latest?.stream?.commandsApplied ?? 0;
    const writer = new TrafficWriter(shard.client, {
      seed: seed + burst,
      through: "direct",
      commandsPerSecond: 2_000,
    }).start();
    await until(() => (sync.latest?.stream?.commandsApplied ?? 0) > before + 500, {
      what: `commands of burst ${burst} are applied`,
      timeoutMs: 60_000,
    });
    await writer.stop();
    expect([...writer.errors]).toEqual([]);
    await until(() => near.broken > dropped[0]! && far.broken > dropped[1]!, {
      what: "both proxies have dropped an idle connection",
      timeoutMs: 60_000,
    });
  }
  near.idleMs = far.idleMs = null;
  await sync.caughtUp(shard.client, destination.client, 60_000);
  await sync.stop();
  await expectUnion([shard], destination);
  expect(Number(/sync_full:(\d+)/.exec(await shard.client.info("stats"))![1])).toBe(1);
});
