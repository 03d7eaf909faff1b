import { expect, test } from "vitest";
import { startRedis } from "../../servers/index.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";

const MB = 1_000_000;
/** More than may be in flight to a destination at once. */
const SIZE = 16 * MB;

test("values larger than all that may be in flight come by the initial sync, and their keys' neighbors too", async () => {
  const [source, destination] = [await startRedis(), await startRedis()];
  const { client } = source;
  const noise = (seed: number, length: number) =>
    Buffer.from(Uint8Array.from({ length }, (_, index) => (index * index * 31 + index * seed) % 251));
  const piece = noise(1, 1000);
  for (let first = 0; first < SIZE / 1000; first += 1000) {
    const pipeline = client.pipeline();
    for (let index = first; index < first + 1000; index++) {
      pipeline.hset("hash", `f${index}`, piece).rpush("list", piece).zadd("zset", index, `m${index}`);
    }
    await pipeline.exec();
  }
  await client.set("string", noise(2, SIZE));
  await client.hset("wide", "field", noise(3, SIZE), "other", "small");
  await client.rpush("packed", noise(4, SIZE), "small");
  for (let index = 0; index < 100; index++) await client.set(`small:${index}`, index);

  const sync = new SyncForTest({ source: endpointAt(source), destination: endpointAt(destination) }).start();
  await sync.reaches("synchronizing", 60_000);
  await sync.caughtUp(client, destination.client);
  for (const key of ["hash", "list", "zset", "string", "wide", "packed"]) {
    const digests = await Promise.all(
      [source, destination].map((server) => server.client.call("DEBUG", "DIGEST-VALUE", key)),
    );
    expect(String(digests[1]), key).toBe(String(digests[0]));
  }
  expect(await destination.client.exists(...Array.from({ length: 100 }, (_, n) => `small:${n}`))).toBe(100);
});
