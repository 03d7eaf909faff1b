import { expect, test } from "vitest";
import { writeCounts, writesBetween } from "../../../server/control/cutover/write-counts.ts";
import { type RedisServer, startRedis } from "../../servers/index.ts";

async function countsOf({ client }: RedisServer) {
  const texts = await Promise.all(["server", "persistence", "commandstats"].map((one) => client.info(one)));
  return writeCounts(texts.join("\r\n"));
}

test("counts what is written, and nothing that only reads or has failed", async () => {
  const shard = await startRedis();
  const { client } = shard;
  await client.rpush("list", 2, 1);
  let before = await countsOf(shard);
  const since = async () => {
    const now = await countsOf(shard);
    const seen = writesBetween(before, now, 0);
    before = now;
    return seen;
  };
  await client.get("k");
  await client.sort("list");
  await client.eval("return redis.call('LLEN', KEYS[1])", 1, "list");
  await expect(client.incr("list")).rejects.toThrow(/WRONGTYPE/);
  expect(await since()).toEqual({ count: 0, commands: [] });

  await client.set("k", 1, "PX", 1);
  await client.multi().incr("n").incr("n").exec();
  await client.eval("return redis.call('SADD', KEYS[1], 'm')", 1, "set");
  const seen = await since();
  expect(seen.count).toBe(4);
  expect([...seen.commands].sort()).toEqual(["INCR", "SADD", "SET"]);

  // It expires, which is nobody's command.
  await new Promise((resolve) => setTimeout(resolve, 20));
  await client.exists("k");
  expect(await since()).toEqual({ count: 0, commands: [] });
  await client.call("SORT", "list", "STORE", "sorted");
  expect(await since()).toEqual({ count: 1, commands: ["SORT"] });
});

test("takes heartbeats off, and counts on over a restart and a reset of the statistics", async () => {
  const shard = await startRedis();
  const { client } = shard;
  const before = await countsOf(shard);
  for (let beat = 0; beat < 3; beat++) await client.setex("beat", 30, beat);
  const after = await countsOf(shard);
  expect(writesBetween(before, after, 3).count).toBe(0);
  expect(writesBetween(before, after, 2)).toEqual({ count: 1, commands: ["SETEX"] });
  await client.config("RESETSTAT");
  await client.set("k", 1);
  const reset = await countsOf(shard);
  expect(writesBetween(after, reset, 0)).toEqual({ count: 1, commands: ["SET"] });
  await shard.kill();
  await shard.restart();
  await shard.client.set("k", 2);
  expect(writesBetween(reset, await countsOf(shard), 0)).toEqual({ count: 1, commands: ["SET"] });
});
