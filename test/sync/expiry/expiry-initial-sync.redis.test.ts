import { expect, test } from "vitest";
import { type RedisServer, startRedis, until } from "../../servers/index.ts";
import { expectUnion } from "../harness/expect-union.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";

/** ms that the keys have to live when the initial sync is begun. */
const LIFE = 5000;

type Case = { readonly key: string; readonly made: readonly string[]; readonly later: readonly string[][] };

/** Renewed while the RDB is applied, and changed before and after that. */
const renewed: readonly Case[] = [
  { key: "expire", made: ["SET", "expire", "v"], later: [["EXPIRE", "expire", "1000"]] },
  { key: "persist", made: ["SET", "persist", "v"], later: [["PERSIST", "persist"]] },
  { key: "set", made: ["SET", "set", "v"], later: [["SET", "set", "another", "EX", "1000"]] },
  { key: "getex", made: ["SET", "getex", "v"], later: [["GETEX", "getex", "PX", "1000000"]] },
  {
    key: "counter",
    made: ["SET", "counter", "41"],
    later: [
      ["EXPIRE", "counter", "1000"],
      ["INCR", "counter"],
    ],
  },
  {
    key: "list",
    made: ["RPUSH", "list", "a", "b"],
    later: [
      ["RPUSH", "list", "c"],
      ["PEXPIRE", "list", "1000000"],
      ["RPUSH", "list", "d"],
    ],
  },
  {
    key: "hash",
    made: ["HSET", "hash", "f", "1"],
    later: [
      ["PERSIST", "hash"],
      ["HINCRBY", "hash", "f", "1"],
    ],
  },
  {
    key: "renamed",
    made: ["SET", "old-name", "v"],
    later: [
      ["RENAME", "old-name", "renamed"],
      ["PERSIST", "renamed"],
    ],
  },
];

const keyOf = ({ made }: Case) => made[1]!;

/**
 * A shard with a key of each case, one whose end nobody puts off and one that has ended already, and so much else
 * that the RDB is applied as slowly as the test likes.
 */
async function shardWithBriefKeys(): Promise<{ shard: RedisServer; expireAt: number }> {
  const shard = await startRedis({ conf: { rdbcompression: "no" } });
  const { client } = shard;
  // The shard happens upon none of its expired keys by itself, so that they are in the RDB.
  await client.call("DEBUG", "SET-ACTIVE-EXPIRE", "0");
  for (let n = 0; n < 60; n++) await client.set(`filler:${n}`, "x".repeat(100_000));
  const expireAt = Date.now() + LIFE;
  for (const one of renewed) {
    await client.call(one.made[0]!, ...one.made.slice(1));
    await client.pexpireat(keyOf(one), expireAt);
  }
  await client.set("ends", "v", "PXAT", expireAt);
  await client.set("has ended", "v", "PX", 1);
  return { shard, expireAt };
}

test.each([
  { where: "the destination permits scripts", rules: [] },
  { where: "it permits none, so that the expiries are written as they are", rules: ["-eval"] },
])(
  "keys renewed while the RDB is applied outlive the expiry that it states, and no other does, where $where",
  async ({ rules }) => {
    const destination = await startRedis();
    await destination.client.call("ACL", "SETUSER", "sync", "on", "nopass", "~*", "&*", "+@all", ...rules);
    const sink = await TcpProxy.start(destination.port);
    sink.shape.up = { bytesPerSecond: 300_000 };
    const { shard, expireAt } = await shardWithBriefKeys();
    const sync = new SyncForTest({
      source: endpointAt(shard),
      destination: endpointAt(sink, { username: "sync", password: "any" }),
    }).start();
    await until(() => sink.passed.up > 200_000, { what: "the RDB is being applied" });
    expect(Date.now()).toBeLessThan(expireAt);
    for (const { later } of renewed)
      for (const [name = "", ...args] of later) await shard.client.call(name, ...args);
    expect(await shard.client.exists(...renewed.map(({ key }) => key))).toBe(renewed.length);
    expect(Date.now()).toBeLessThan(expireAt);
    await shard.client.call("DEBUG", "SET-ACTIVE-EXPIRE", "1");
    await until(() => Date.now() > expireAt + 500, { what: "the first expiries have passed" });
    expect(sync.eventsOf("initial-sync-finished")).toEqual([]);
    sink.shape.up = {};
    await sync.reaches("synchronizing", 40_000);
    await sync.caughtUp(shard.client, destination.client);
    await expect
      .poll(() => expectUnion([shard], destination).catch((error: Error) => error.message), {
        timeout: 20_000,
      })
      .toBe(60 + renewed.length);
    expect(await destination.client.get("counter")).toBe("42");
    expect(await destination.client.lrange("list", 0, -1)).toEqual(["a", "b", "c", "d"]);
    expect(await destination.client.exists("ends", "has ended")).toBe(0);
    await sync.stop();
    expect(sync.latest?.initialSync?.attempt).toBe(1);
    // Where a key has expired early its RENAME is refused, and told; what it left out is copied again.
    expect(sync.refused().filter(({ command }) => command !== "RENAME")).toEqual([]);
    expect(await expectUnion([shard], destination)).toBe(60 + renewed.length);
  },
);
