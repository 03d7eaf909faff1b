import { expect, test } from "vitest";
import { type RedisServer, startRedis } from "../../servers/index.ts";
import { expectUnion } from "../harness/expect-union.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";

const MiB = 1024 * 1024;
/** Bytes that cannot be compressed, and differ from place to place. */
const NOISE = Buffer.alloc(3 * MiB);
for (let at = 0, state = 1; at < NOISE.length; at++) {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  NOISE[at] = state >>> 24;
}
const noise = (length: number) => NOISE.subarray(0, length);

/** Values of all kinds that are larger than 1 MiB, of elements that are not; and one of each that are. */
async function fill(
  { client }: RedisServer,
  prefix: string,
): Promise<{ whole: string[]; tooLarge: string[] }> {
  const element = noise(700_000);
  const large = noise(3 * MiB);
  for (let n = 0; n < 3; n++) {
    await client.hset(`${prefix}hash`, `f${n}`, element);
    await client.rpush(`${prefix}list`, element, `${n}`);
    await client.sadd(`${prefix}set`, Buffer.concat([element, Buffer.from(`${n}`)]));
    await client.zadd(`${prefix}zset`, n, Buffer.concat([element, Buffer.from(`${n}`)]));
    await client.xadd(`${prefix}stream`, `${n + 1}-1`, "f", element);
  }
  for (const at of [1_000, 1_030_000, 1_048_000]) await client.set(`${prefix}string:${at}`, noise(at));
  const many = Array.from({ length: 40_000 }, (_, n) => `member ${n} ${"x".repeat(40)}`);
  await client.sadd(`${prefix}many`, ...many);
  await client.set(`${prefix}large`, large);
  await client.hset(`${prefix}large hash`, "small", "1", "large", large);
  await client.rpush(`${prefix}large list`, "small", large);
  await client.zadd(`${prefix}large zset`, 1, large);
  await client.mset(`${prefix}small in mset`, "1", `${prefix}large in mset`, large);
  const kinds = ["hash", "list", "set", "zset", "stream", "many", "small in mset"];
  const strings = ["string:1000", "string:1030000", "string:1048000"];
  return {
    whole: [...kinds, ...strings].map((kind) => prefix + kind),
    tooLarge: ["large", "large hash", "large list", "large zset", "large in mset"].map(
      (kind) => prefix + kind,
    ),
  };
}

async function synchronized(conf: Record<string, string>, user: string | null = null) {
  const shard = await startRedis();
  const destination = await startRedis({ conf });
  if (user !== null)
    await destination.client.call("ACL", "SETUSER", "engine", "on", ">secret", ...user.split(" "));
  const credentials = user === null ? {} : { username: "engine", password: "secret" };
  const rdb = await fill(shard, "rdb:");
  const sync = new SyncForTest({
    source: endpointAt(shard),
    destination: endpointAt(destination, credentials),
  }).start();
  await sync.reaches("synchronizing", 30_000);
  await destination.client.set("stream:large", "a former value");
  const stream = await fill(shard, "stream:");
  await shard.client
    .multi()
    .incr("counter")
    .set("within", noise(2 * MiB))
    .incr("counter")
    .exec();
  await shard.client.incr("counter");
  await sync.caughtUp(shard.client, destination.client);
  await sync.stop();
  return { shard, destination, sync, rdb, stream };
}

/** What is too large is left out, key by key, and removed from the shard here: the rest is as it is there. */
async function expectLeftOut({
  shard,
  destination,
  sync,
  rdb,
  stream,
}: Awaited<ReturnType<typeof synchronized>>): Promise<void> {
  const leftOut = [...rdb.tooLarge, ...stream.tooLarge, "within"];
  expect(await shard.client.del(...leftOut)).toBe(leftOut.length);
  expect(await expectUnion([shard], destination)).toBe(rdb.whole.length + stream.whole.length + 1);
  expect(await destination.client.get("counter")).toBe("3");
  expect(sync.reasons).toEqual(new Set());
  const refused = sync.refused().filter(({ kind }) => kind === "rejected");
  expect(new Set(refused.map(({ reasonCode }) => reasonCode))).toEqual(new Set(["PAST_LIMIT"]));
  const count = (command: string) => refused.find((one) => one.command === command)?.count;
  expect(count("RDB key")).toBe(rdb.tooLarge.length);
  expect(count("doubtful key")).toBeGreaterThanOrEqual(stream.tooLarge.length + 1);
}

test("what is larger than the destination's proto-max-bulk-len is left out, key by key, and all else is there", async () => {
  await expectLeftOut(await synchronized({ "proto-max-bulk-len": "1mb" }));
}, 60_000);

test("a user who may not ask for the settings learns proto-max-bulk-len all the same", async () => {
  await expectLeftOut(await synchronized({ "proto-max-bulk-len": "1mb" }, "~* &* +@all -config"));
}, 60_000);

test("elements larger than the destination's client-query-buffer-limit are left out, strings go in pieces", async () => {
  const given = await synchronized({ "client-query-buffer-limit": "1mb" });
  const { destination, shard, rdb, stream } = given;
  for (const key of ["rdb:large", "rdb:large in mset", "stream:large", "stream:large in mset", "within"]) {
    expect(await destination.client.strlen(key), key).toBe(await shard.client.strlen(key));
  }
  const isString = (key: string) => /large$|in mset$/.test(key);
  const elements = (keys: string[]) => keys.filter((key) => !isString(key));
  const leftOut = [...elements(rdb.tooLarge), ...elements(stream.tooLarge)];
  expect(await shard.client.del(...leftOut)).toBe(6);
  await expectUnion([shard], destination);
  expect(given.sync.reasons).toEqual(new Set());
}, 60_000);
