import { expect, test } from "vitest";
import { type RedisServer, startRedis, until } from "../../servers/index.ts";
import { startShardWithScripts } from "../harness/old-master.ts";
import { endpointAt, type SyncForTest } from "../harness/sync-for-test.ts";
import { syncsOfTask } from "../harness/syncs-of-task.ts";

// Another destination can be tried: TEST_REDIS_SERVER=<path>.
const binary = process.env.TEST_REDIS_SERVER ?? "redis-server";

type Shard = Awaited<ReturnType<typeof startShardWithScripts>>;

/** Shards whose streams hold scripts as they were called, each in database 0, and their task, synchronizing. */
async function task(count: number) {
  const destination = await startRedis({ binary });
  const shards = await Promise.all(Array.from({ length: count }, () => startShardWithScripts()));
  const syncs = syncsOfTask(
    shards.map(({ server }) => endpointAt(server)),
    endpointAt(destination),
  );
  for (const sync of syncs) sync.start();
  await Promise.all(syncs.map((sync) => sync.reaches("synchronizing")));
  for (const shard of shards) shard.send("SELECT", "0");
  return {
    shards,
    syncs,
    destination,
    /** All that was sent has been applied, and no key is doubtful any more. */
    settled: () => Promise.all(shards.map((shard, index) => caughtUp(shard, syncs[index]!, destination))),
  };
}

async function caughtUp(shard: Shard, sync: SyncForTest, destination: RedisServer): Promise<void> {
  const { client } = shard.server;
  await until(
    async () => {
      const at = /master_repl_offset:(\d+)/.exec(await client.info("replication"))?.[1] ?? "0";
      return BigInt(at) >= shard.offset();
    },
    { what: "the shard has run what was sent", timeoutMs: 30_000, everyMs: 10 },
  );
  await sync.caughtUp(client, destination.client);
}

const causesOf = (sync: SyncForTest) => sync.latest?.differs?.causes.map(({ code }) => code) ?? [];

test("a script that removes KEYS of its shard removes those alone, and leaves another shard's", async () => {
  const { shards, syncs, destination, settled } = await task(2);
  const [one, two] = shards as [Shard, Shard];
  one.send("MSET", "p:1", "1", "p:2", "2", "count", "0");
  two.send("MSET", "p:3", "3", "other", "4");
  await settled();
  const removes =
    "for _, key in ipairs(redis.call('KEYS', 'p:*')) do redis.call('DEL', key) redis.call('INCR', KEYS[1]) end return redis.call('DBSIZE')";
  one.send("EVAL", removes, "1", "count");
  await settled();
  expect(await one.server.client.keys("*")).toEqual(["count"]);
  expect(await destination.client.mget("p:1", "p:2", "p:3", "other", "count")).toEqual([
    null,
    null,
    "3",
    "4",
    "2",
  ]);
  one.send("RPUSH", "p:1", "a list now");
  await settled();
  expect(await destination.client.lrange("p:1", 0, -1)).toEqual(["a list now"]);
  await until(() => syncs[0]!.eventsOf("script-keyspace").length > 0, { what: "it is said" });
  expect(syncs[0]!.eventsOf("script-keyspace")).toMatchObject([{ level: "alert" }]);
  await until(() => causesOf(syncs[0]!).includes("SCRIPT_KEYSPACE"), { what: "the shard differs" });
  expect(causesOf(syncs[1]!)).toEqual([]);
});

test("a script cannot remove or expire another shard's key by a name that it makes up", async () => {
  const { shards, destination, settled } = await task(2);
  const [one, two] = shards as [Shard, Shard];
  one.send("MSET", "own", "1", "made:gone", "1");
  two.send("MSET", "made:b", "b", "made:c", "c");
  await settled();
  const body =
    "for _, name in ipairs(ARGV) do redis.call('DEL', 'made:' .. name) end redis.call('EXPIRE', 'made:c', 1) return redis.call('INCR', KEYS[1])";
  one.send("EVAL", body, "1", "own", "b", "gone");
  await settled();
  expect(await destination.client.mget("own", "made:b", "made:c", "made:gone")).toEqual([
    "2",
    "b",
    "c",
    null,
  ]);
  expect(await destination.client.ttl("made:c")).toBe(-1);
});

test("a counter that a script raises while a key lives is as on the shard, where that key has expired early", async () => {
  const { shards, destination, settled } = await task(1);
  const [{ send, server }] = shards as [Shard];
  const raises =
    "if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('INCR', KEYS[2]) end redis.call('INCR', KEYS[3])";
  for (let n = 0; n < 50; n++) send("SET", `session:${n}`, "1");
  await settled();
  // On the shard they live for another moment.
  await destination.client.del(...Array.from({ length: 50 }, (_, n) => `session:${n}`));
  for (let n = 0; n < 50; n++) {
    send("EVAL", raises, "3", `session:${n}`, `counter:${n}`, `always:${n}`);
    send("DEL", `session:${n}`);
    send("INCR", `counter:${n}`);
  }
  await settled();
  const counters = Array.from({ length: 50 }, (_, n) => [`counter:${n}`, `always:${n}`]).flat();
  expect(await destination.client.mget(...counters)).toEqual(await server.client.mget(...counters));
  expect(await server.client.get("counter:7")).toBe("2");
  expect(await destination.client.exists("session:7")).toBe(0);
});

test("that a script with such a key writes others that it does not declare is said", async () => {
  const { shards, syncs, destination, settled } = await task(1);
  const [{ send }] = shards as [Shard];
  const body = "if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('SET', 'made up', 1) end";
  let runs = 0;
  // While the stream is behind, what is not there has not expired early.
  const said = () => {
    send("EVAL", body, "1", `session:${runs++}`);
    return syncs[0]!.eventsOf("script-undeclared").length > 0;
  };
  await until(said, { what: "it is said", timeoutMs: 30_000, everyMs: 250 });
  await settled();
  expect(await destination.client.get("made up")).toBe("1");
  expect(syncs[0]!.eventsOf("script-undeclared")).toMatchObject([{ level: "alert" }]);
  await until(() => causesOf(syncs[0]!).includes("SCRIPT_UNDECLARED"), { what: "the shard differs" });
});

test("a key that a script makes up where a key of the outage still lives is said, if the destination decides otherwise", async () => {
  const { shards, syncs, destination, settled } = await task(1);
  const [{ send, server }] = shards as [Shard];
  send("SET", "session", "1", "PX", "3000");
  await settled();
  await syncs[0]!.stop();
  // Renewed in time on the shard, gone from the destination.
  send("PERSIST", "session");
  send(
    "EVAL",
    "if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('SET', 'made up', 1) end",
    "1",
    "session",
  );
  await until(async () => (await destination.client.exists("session")) === 0, {
    what: "it expires on the destination",
    timeoutMs: 30_000,
  });
  syncs[0]!.start();
  await syncs[0]!.reaches("synchronizing");
  await settled();
  expect(await server.client.mget("session", "made up")).toEqual(["1", "1"]);
  expect(await destination.client.get("session")).toBe("1");
  expect(await destination.client.exists("made up")).toBe(0);
  await until(() => causesOf(syncs[0]!).includes("SCRIPT_UNDECLARED"), { what: "the shard differs" });
  expect(syncs[0]!.eventsOf("script-undeclared")).toMatchObject([{ level: "alert" }]);
});

test("what a script makes of a key that it does not declare is its own shard's, where another shard has one of that name", async () => {
  const { shards, syncs, destination, settled } = await task(2);
  const [one, two] = shards as [Shard, Shard];
  one.send("SET", "rate", "own");
  await settled();
  two.send("SET", "rate", "of another shard");
  await settled();
  const body = "return redis.call('HSET', KEYS[1], 'rate', redis.call('GET', 'rate'))";
  one.send("EVAL", body, "1", "booking");
  await settled();
  expect(await one.server.client.hget("booking", "rate")).toBe("own");
  expect(await destination.client.hget("booking", "rate")).toBe("own");
  expect(causesOf(syncs[0]!)).toEqual([]);
});

test("keys that scripts make up and renew while the engine is away are there when it is back", async () => {
  const { shards, syncs, destination, settled } = await task(1);
  const [{ send, server }] = shards as [Shard];
  await settled();
  await syncs[0]!.stop();
  for (let n = 0; n < 20; n++)
    send("EVAL", "redis.call('SETEX', 'made:' .. ARGV[1], 1, 'v')", "0", String(n));
  for (let n = 0; n < 20; n++) send("EVAL", "redis.call('EXPIRE', 'made:' .. ARGV[1], 1000)", "0", String(n));
  const life = () => server.client.pttl("made:19");
  await until(async () => (await life()) > 0 && (await life()) < 997_000, {
    what: "more than their first expiry has gone",
    timeoutMs: 30_000,
  });
  syncs[0]!.start();
  await syncs[0]!.reaches("synchronizing");
  await settled();
  expect((await destination.client.keys("made:*")).length).toBe(20);
  await until(async () => (await destination.client.pttl("made:7")) < 1_000_000, {
    what: "their expiries are restored",
    timeoutMs: 30_000,
  });
  const [here, there] = [await server.client.pttl("made:7"), await destination.client.pttl("made:7")];
  expect(Math.abs(here - there)).toBeLessThan(2000);
});
