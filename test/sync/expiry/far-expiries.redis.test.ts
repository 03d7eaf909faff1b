import type { Redis } from "ioredis";
import { expect, test } from "vitest";
import {
  HELD_BACK_FLOOR,
  HELD_BACK_STEP,
  heldBackBy,
} from "../../../server/sync/expiry/held-back-expiries.ts";
import { startRedis, until } from "../../servers/index.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";

const BASE = 2 ** 52;
const HOUR = 3_600_000;

/** ms since the epoch: around where held-back expiries begin and end, what looks like one of now, and past 2^53. */
function farTimes(): string[] {
  const now = Date.now();
  const looks = [0, 1, 100, 499].flatMap((shard) => [
    heldBackBy(shard) + now - HOUR,
    heldBackBy(shard) + now,
    heldBackBy(shard) + now + HOUR,
  ]);
  const edges = [
    BASE - 1,
    BASE,
    BASE + 1,
    BASE + HELD_BACK_FLOOR,
    BASE + HELD_BACK_STEP - 1,
    BASE + HELD_BACK_STEP,
    2 ** 53 - 1,
    2 ** 53,
  ];
  const beyond = [
    2n ** 53n + 1n,
    15_555_555_550_050_000n,
    2n ** 53n + BigInt(BASE),
    2n ** 62n + 7n,
    2n ** 63n - 1n,
  ];
  return [...looks, ...edges, ...beyond].map(String);
}

/** As text: a number of JavaScript does not hold it. */
async function expiries(client: Redis, keys: readonly string[]): Promise<string[]> {
  const text = client.duplicate({ stringNumbers: true });
  try {
    return await Promise.all(keys.map(async (key) => String(await text.call("PEXPIRETIME", key))));
  } finally {
    text.disconnect();
  }
}

test("an expiry of 64 bits arrives as it is, also one that looks like a held-back one: by RDB, stream and copy", async () => {
  const [shard, destination] = [await startRedis(), await startRedis()];
  const { client } = shard;
  const times = farTimes();
  const names = (prefix: string) => times.map((_, index) => `${prefix}:${index}`);
  const keys = ["rdb", "list", "at", "set", "carried", "renewed"].flatMap(names);
  for (const [index, time] of times.entries()) {
    await client.set(`rdb:${index}`, "v");
    await client.pexpireat(`rdb:${index}`, time);
    await client.rpush(`list:${index}`, "v");
    await client.pexpireat(`list:${index}`, time);
  }
  await client.set("soon", "v", "PXAT", Date.now() + HOUR / 10);
  const start = () =>
    new SyncForTest({
      source: endpointAt(shard),
      destination: endpointAt(destination),
      heartbeatDb: null,
    }).start();
  const sync = start();
  await sync.reaches("synchronizing");
  for (const [index, time] of times.entries()) {
    await client.set(`at:${index}`, "v");
    await client.pexpireat(`at:${index}`, time);
    await client.set(`set:${index}`, "v", "PXAT", time);
    await client.set(`from:${index}`, "v", "PXAT", time);
    await client.rename(`from:${index}`, `carried:${index}`);
    // Held back first, then truly far.
    await client.set(`renewed:${index}`, "v", "PX", 2000);
    await client.pexpireat(`renewed:${index}`, time);
  }
  await sync.caughtUp(client, destination.client);
  const wanted = await expiries(client, keys);
  expect(wanted.slice(0, times.length)).toEqual(times);
  await until(async () => (await destination.client.pexpiretime("soon")) < BASE, {
    what: "what is held back has been restored",
    timeoutMs: 60_000,
  });
  await sync.stop();
  expect(sync.latest?.expiriesHeldBack).toBe(0);
  expect(await expiries(destination.client, keys)).toEqual(wanted);

  // What was noted is known to the next engine, which looks at all keys again.
  const again = start();
  await again.reaches("synchronizing");
  await client.set("another", "v", "PX", 60_000);
  await again.caughtUp(client, destination.client);
  await again.stop();
  expect(await expiries(destination.client, keys)).toEqual(wanted);
  // A new initial sync, too, and the cutover.
  const last = start();
  await last.reaches("synchronizing");
  await last.stop({ forgetCheckpoint: true });
  expect(await expiries(destination.client, keys)).toEqual(wanted);
  expect(await destination.client.keys("tributary:*")).toEqual([]);
}, 120_000);

test("says how many expiries are held back, until they are restored", async () => {
  const [shard, destination] = [await startRedis(), await startRedis()];
  const pipeline = shard.client.pipeline();
  for (let n = 0; n < 30; n++) pipeline.set(`k:${n}`, "v", "EX", 300);
  await pipeline.exec();
  const sync = new SyncForTest({
    source: endpointAt(shard),
    destination: endpointAt(destination),
    heartbeatDb: 0,
  }).start();
  await sync.reaches("synchronizing");
  // No heartbeat comes, so it is not known whether the stream is live.
  await until(() => sync.latest?.expiriesHeldBack === 30, { what: "30 are held back", timeoutMs: 20_000 });
  expect(await destination.client.pexpiretime("k:7")).toBeGreaterThan(BASE);
  await sync.stop();
  expect(sync.latest?.expiriesHeldBack).toBe(0);
  expect(await destination.client.pexpiretime("k:7")).toBeLessThan(BASE);
});
