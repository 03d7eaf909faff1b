import type { Redis } from "ioredis";
import { expect, test } from "vitest";
import { checkpointKey } from "../../../server/sync/checkpoint/own-keys.ts";
import { startRedis } from "../../servers/index.ts";
import { fillMixed } from "../../traffic/fill-mixed.ts";
import { TrafficWriter } from "../../traffic/traffic-writer.ts";
import { seed } from "../harness/check-property.ts";
import { expectUnion } from "../harness/expect-union.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";

const epochField = "s0:epoch";

test.each([
  { name: "was flushed", forget: (client: Redis) => client.flushall() },
  {
    name: "went back to before the first engine began",
    forget: (client: Redis) => client.hincrby(checkpointKey("test"), epochField, -1),
  },
])(
  "a second engine fences the first one off although the destination $name before it came",
  async ({ forget }) => {
    const shard = await startRedis();
    const destination = await startRedis();
    await fillMixed(shard.client, { keys: 500, seed });
    const engine = () => new SyncForTest({ source: endpointAt(shard), destination: endpointAt(destination) });
    const first = engine().start();
    await first.reaches("synchronizing");
    // The first engine has nothing to write: it does not notice.
    await forget(destination.client);
    const second = engine().start();
    await first.ended();
    expect(first.latest).toMatchObject({ status: "failed", reason: { code: "FENCED" } });
    await second.reaches("synchronizing");
    const writer = new TrafficWriter(shard.client, {
      seed,
      through: "direct",
      commandsPerSecond: 2_000,
    }).start();
    await writer.stop();
    await second.caughtUp(shard.client, destination.client);
    await second.stop();
    await expectUnion([shard], destination);
  },
  60_000,
);
