import { expect, test } from "vitest";
import { startNutcracker, startRedis, until } from "../servers/index.ts";
import { fillMixed } from "./fill-mixed.ts";
import { mixedCommands } from "./mixed-commands.ts";
import { seededRandom } from "./seeded-random.ts";
import { TrafficWriter } from "./traffic-writer.ts";

test("the same seed gives the same commands", () => {
  const options = { keysPerType: 10, prefix: "", through: "nutcracker" } as const;
  const first = mixedCommands(seededRandom(42), options);
  const second = mixedCommands(seededRandom(42), options);
  for (let i = 0; i < 1000; i++) {
    const [a, b] = [first(), second()];
    if (a[0]?.[0] !== "PEXPIREAT") expect(a).toEqual(b);
  }
});

test("traffic and fill pass through nutcracker without an error", async () => {
  const shards = await Promise.all([startRedis(), startRedis()]);
  const proxy = await startNutcracker({ servers: shards.map(({ port }) => ({ port })) });
  await fillMixed(proxy.client, { keys: 5_000, through: "nutcracker" });
  const writer = new TrafficWriter(proxy.client).start();
  await until(() => writer.commands > 20_000, { what: "20,000 commands are written" });
  await writer.stop();
  expect([...writer.errors]).toEqual([]);
  for (const shard of shards) expect(await shard.client.dbsize()).toBeGreaterThan(500);
});

test("a writer keeps to its rate", async () => {
  const redis = await startRedis();
  const writer = new TrafficWriter(redis.client, { commandsPerSecond: 2_000 }).start();
  const began = performance.now();
  await until(() => writer.commands >= 2_000, { what: "2,000 commands are written" });
  await writer.stop();
  expect(performance.now() - began).toBeGreaterThan(950);
});

test("a writer survives a restart of its server", async () => {
  const redis = await startRedis({ conf: { appendonly: "yes" } });
  const writer = new TrafficWriter(redis.client, { commandsPerSecond: 5_000 }).start();
  await until(() => writer.commands > 500, { what: "500 commands are written" });
  await redis.restart();
  const before = writer.commands;
  await until(() => writer.commands > before + 500, { what: "it writes on" });
  await writer.stop();
});

test("the fill holds every type, large values and expiries", async () => {
  const redis = await startRedis();
  await fillMixed(redis.client, { keys: 10_000, seed: 1 });
  expect(await redis.client.dbsize()).toBe(10_000);
  const script = `
    local n = {}
    for _, k in ipairs(redis.call('KEYS', '*')) do
      local e = redis.call('OBJECT', 'ENCODING', k)
      n[e] = (n[e] or 0) + 1
    end
    local r = {}
    for e, c in pairs(n) do r[#r + 1] = e end
    table.sort(r)
    return r`;
  expect(await redis.client.eval(script, 0)).toEqual(
    "embstr hashtable int intset listpack quicklist raw skiplist stream".split(" "),
  );
  expect(await redis.client.info("keyspace")).toMatch(/expires=(1\d|2\d)\d\d/);
});
