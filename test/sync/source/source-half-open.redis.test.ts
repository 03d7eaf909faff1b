import { expect, test } from "vitest";
import { openClient } from "../../../server/redis/client.ts";
import { StreamClock } from "../../../server/sync/expiry/stream-clock.ts";
import { ClockComparison, clockAhead } from "../../../server/sync/refresh/clock-skew.ts";
import { dumpKeys, pageThatFits } from "../../../server/sync/refresh/key-dump.ts";
import { startRedis } from "../../servers/index.ts";
import { endpointAt } from "../harness/sync-for-test.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";

test("a half-open connection to the source fails at the first question, not when the stream waits for its answer", async () => {
  const shard = await startRedis();
  await shard.client.set("k", "v");
  const link = await TcpProxy.start(shard.port);
  const open = () => openClient(endpointAt(link), { role: "the shard", commandTimeoutMs: 2000 });
  const source = await open();
  const destination = await openClient(endpointAt(shard), { role: "the destination" });
  const keys = [{ doubt: "copy", db: 0, key: Buffer.from("k") }] as const;
  expect((await pageThatFits(source, keys)).fitting).toEqual([0]);
  link.freeze({ directions: ["up"], newcomers: "served" });
  const clocks = new ClockComparison(new StreamClock(Date.now), Date.now, () => {});
  const asked = [
    pageThatFits(source, keys),
    dumpKeys(source, 700, keys),
    clocks.compare(source, destination),
  ];
  for (const answer of await Promise.allSettled(asked)) {
    expect(answer).toMatchObject({ status: "rejected", reason: { message: "Command timed out" } });
  }
  const another = await open();
  expect((await dumpKeys(another, 700, keys)).values[0]!.payload).not.toBeNull();
  for (const client of [source, another, destination]) client.disconnect();
});

test("a link that is slow in one direction is taken for no difference of the clocks", async () => {
  const shard = await startRedis();
  const link = await TcpProxy.start(shard.port);
  const source = await openClient(endpointAt(link), { role: "the shard" });
  link.shape.down = { delayMs: () => 800 };
  expect(Math.abs(await clockAhead(source, Date.now))).toBeLessThan(200);
  expect(await clockAhead(source, () => Date.now() - 5000)).toBeGreaterThan(4000);
  source.disconnect();
});
