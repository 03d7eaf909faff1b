import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RedisServer, startRedis, until } from "../../servers/index.ts";
import { expectUnion } from "../harness/expect-union.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";

/** What has expired on the destination a moment too early is, for all that comes after, as if it were deleted there. */
type Case = {
  readonly what: string;
  readonly before: readonly (readonly string[])[];
  /** Keys that are lost on the destination. */
  readonly lost: readonly string[];
  readonly after: readonly (readonly string[])[];
};

const LIFE = "1000000";
const cases: Case[] = [
  {
    what: "PEXPIRE of a key that is gone",
    before: [["SET", "k", "v", "PX", LIFE]],
    lost: ["k"],
    after: [["PEXPIRE", "k", "2000000"]],
  },
  {
    what: "PERSIST",
    before: [["SET", "k", "v", "PX", LIFE]],
    lost: ["k"],
    after: [["PERSIST", "k"]],
  },
  {
    what: "GETEX",
    before: [["SET", "k", "v", "PX", LIFE]],
    lost: ["k"],
    after: [["GETEX", "k", "PX", "2000000"]],
  },
  {
    what: "GETEX PERSIST",
    before: [["SET", "k", "v", "PX", LIFE]],
    lost: ["k"],
    after: [["GETEX", "k", "PERSIST"]],
  },
  {
    what: "INCR and then EXPIRE, where the counter was gone",
    before: [["SET", "k", "41", "PX", LIFE]],
    lost: ["k"],
    after: [
      ["INCR", "k"],
      ["EXPIRE", "k", "2000"],
    ],
  },
  {
    what: "HSET and then PERSIST",
    before: [
      ["HSET", "k", "a", "1", "b", "2"],
      ["PEXPIRE", "k", LIFE],
    ],
    lost: ["k"],
    after: [
      ["HSET", "k", "c", "3"],
      ["PERSIST", "k"],
    ],
  },
  {
    what: "RENAME",
    before: [
      ["RPUSH", "k", "a", "b"],
      ["PEXPIRE", "k", LIFE],
    ],
    lost: ["k"],
    after: [["RENAME", "k", "other"]],
  },
  {
    what: "RENAMENX",
    before: [["SET", "k", "v", "PX", LIFE]],
    lost: ["k"],
    after: [["RENAMENX", "k", "other"]],
  },
  {
    what: "COPY into another database",
    before: [["SET", "k", "v", "PX", LIFE]],
    lost: ["k"],
    after: [["COPY", "k", "copy", "DB", "3"]],
  },
  {
    what: "MOVE",
    before: [["SET", "k", "v", "PX", LIFE]],
    lost: ["k"],
    after: [["MOVE", "k", "3"]],
  },
  {
    what: "SMOVE",
    before: [
      ["SADD", "k", "a", "b"],
      ["PEXPIRE", "k", LIFE],
    ],
    lost: ["k"],
    after: [["SMOVE", "k", "other", "a"]],
  },
  ...[
    ["LMOVE", "k", "other", "LEFT", "RIGHT"],
    ["RPOPLPUSH", "k", "other"],
    ["BLMOVE", "k", "other", "LEFT", "RIGHT", "1"],
    ["BRPOPLPUSH", "k", "other", "1"],
  ].map((command) => ({
    what: command[0]!,
    before: [
      ["RPUSH", "k", "a", "b"],
      ["PEXPIRE", "k", LIFE],
    ],
    lost: ["k"],
    after: [command],
  })),
  ...[
    ["SUNIONSTORE", "to", "k", "there"],
    ["SINTERSTORE", "to", "k", "there"],
    ["SDIFFSTORE", "to", "k", "there", "k"],
    ["ZUNIONSTORE", "to", "2", "k", "there"],
    ["ZINTERSTORE", "to", "2", "k", "there"],
    ["ZDIFFSTORE", "to", "2", "k", "there"],
    ["SUNIONSTORE", "k", "k", "there"],
    ["SORT", "k", "ALPHA", "STORE", "to"],
  ].map((command) => ({
    what: command.join(" "),
    before: [
      ["SADD", "k", "a", "b"],
      ["PEXPIRE", "k", LIFE],
      ["SADD", "there", "b", "c"],
    ],
    lost: ["k"],
    // The source's DEL of what has expired there, too.
    after: command.indexOf("k") === 1 && command[0] !== "SORT" ? [command] : [command, ["DEL", "k"]],
  })),
  {
    what: "ZRANGESTORE",
    before: [
      ["ZADD", "k", "1", "a", "2", "b"],
      ["PEXPIRE", "k", LIFE],
    ],
    lost: ["k"],
    after: [
      ["ZRANGESTORE", "to", "k", "0", "-1"],
      ["DEL", "k"],
    ],
  },
  ...[
    ["GEOSEARCHSTORE", "to", "k", "FROMLONLAT", "15", "37", "BYRADIUS", "200", "km"],
    ["GEORADIUS", "k", "15", "37", "200", "km", "STORE", "to"],
  ].map((command) => ({
    what: command[0]!,
    before: [
      ["GEOADD", "k", "13.361389", "38.115556", "Palermo", "15.087269", "37.502669", "Catania"],
      ["PEXPIRE", "k", LIFE],
    ],
    lost: ["k"],
    after: [command, ["DEL", "k"]],
  })),
  {
    what: "BITOP",
    before: [["SET", "k", "abc", "PX", LIFE]],
    lost: ["k"],
    after: [
      ["BITOP", "NOT", "to", "k"],
      ["DEL", "k"],
    ],
  },
  {
    what: "PFMERGE",
    before: [
      ["PFADD", "k", "a", "b"],
      ["PEXPIRE", "k", LIFE],
      ["PFADD", "to", "c"],
    ],
    lost: ["k"],
    after: [
      ["PFMERGE", "to", "k"],
      ["DEL", "k"],
    ],
  },
];

async function run(client: Redis, command: readonly string[]): Promise<void> {
  const [name = "", ...args] = command;
  await client.call(name, ...args);
}

describe("what the destination has let expire a moment too early is put right while the stream is live", () => {
  let shard: RedisServer;
  let destination: RedisServer;
  let sync: SyncForTest;

  beforeAll(async () => {
    shard = await startRedis();
    destination = await startRedis();
    sync = new SyncForTest({
      source: endpointAt(shard),
      destination: endpointAt(destination),
      heartbeatDb: null,
    });
    sync.start();
    await sync.reaches("synchronizing");
  });

  afterAll(() => sync.stop());

  test.each(cases)("$what", async ({ before, lost, after }) => {
    const { client } = shard;
    for (const db of [0, 3]) {
      await client.select(db);
      const keys = await client.keys("*");
      if (keys.length > 0) await client.del(keys);
    }
    await client.select(0);
    for (const command of before) await run(client, command);
    await sync.caughtUp(client, destination.client);
    const refused = sync.refused().length;
    for (const key of lost) expect(await destination.client.del(key)).toBe(1);
    for (const command of after) await run(client, command);
    await sync.caughtUp(client, destination.client);
    // What an answer has made doubtful may be noted a moment after that.
    await expect
      .poll(() => expectUnion([shard], destination).catch((error: Error) => error.message), {
        timeout: 10_000,
      })
      .toBeTypeOf("number");
    expect(sync.refused().length).toBe(refused);
  });
});

test("keys renewed on their shard within the last milliseconds of their lives are there, although the stream comes later", async () => {
  const shard = await startRedis();
  const destination = await startRedis();
  const proxy = await TcpProxy.start(shard.port);
  proxy.shape.down = { delayMs: () => 50 };
  const sync = new SyncForTest({
    source: endpointAt(proxy),
    destination: endpointAt(destination),
    heartbeatDb: null,
  }).start();
  await sync.reaches("synchronizing");
  const names = Array.from({ length: 60 }, (_, n) => `k${n}`);
  // Far enough for the true expiry to be written; the last of them live 300 ms longer than the first.
  const first = Date.now() + 3000;
  const lives = names.map((name, n) => ["pexpireat", name, String(first + 5 * n)]);
  await shard.client.mset(names.flatMap((name) => [name, "v"]));
  await shard.client.pipeline(lives).exec();
  await until(() => Date.now() >= first + 100, { what: "some of the keys have expired", everyMs: 1 });
  await shard.client.pipeline(names.map((name) => ["pexpire", name, "1000000"])).exec();
  const alive = await shard.client.exists(names);
  expect(alive).toBeGreaterThan(0);
  await expect
    .poll(() => expectUnion([shard], destination).catch((error: Error) => error.message), { timeout: 30_000 })
    .toBe(alive);
});

test("a cutover leaves no remains of a key that has expired on its shard", async () => {
  const shard = await startRedis();
  const destination = await startRedis();
  // The shard happens upon none of its expired keys by itself.
  await shard.client.call("DEBUG", "SET-ACTIVE-EXPIRE", "0");
  const sync = new SyncForTest({
    source: endpointAt(shard),
    destination: endpointAt(destination),
    heartbeatDb: null,
  }).start();
  await sync.reaches("synchronizing");
  const expireAt = Date.now() + 3000;
  await shard.client.set("k", "a", "PXAT", expireAt);
  await sync.caughtUp(shard.client, destination.client);
  // As if it had expired on the destination already.
  expect(await destination.client.del("k")).toBe(1);
  await shard.client.append("k", "b");
  await sync.caughtUp(shard.client, destination.client);
  expect(await destination.client.get("k")).toBe("b");
  await until(() => Date.now() > expireAt, { what: "the key has expired" });
  expect(await shard.client.dbsize()).toBe(1);
  await sync.stop({ forgetCheckpoint: true });
  expect(await destination.client.keys("*")).toEqual([]);
});
