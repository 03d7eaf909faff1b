import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { startRedis, until } from "../../servers/index.ts";
import { endpointAt, SyncForTest } from "../harness/sync-for-test.ts";

const MB = 1024 * 1024;

/** What does not compress: a value that does may be small enough to be copied whole. */
const noise = randomBytes(1.2 * MB);

/** A shard, and a destination that takes less in one string. */
async function limited() {
  const shard = await startRedis();
  const destination = await startRedis({ conf: { "proto-max-bulk-len": "1mb" } });
  const start = () =>
    new SyncForTest({ source: endpointAt(shard), destination: endpointAt(destination) }).start();
  const [here, there] = [shard.client, destination.client];
  /** Of each string, its value on the destination is the shard's, or it is not there. */
  const never = async (...keys: string[]) => {
    for (const key of keys) {
      const [wanted, found] = await Promise.all([here, there].map((client) => client.getBuffer(key)));
      expect(found === null || found!.equals(wanted!), `${key}: ${found?.length} of ${wanted?.length}`).toBe(
        true,
      );
    }
  };
  return { here, there, start, never };
}

test("a string that grows past what the destination takes is removed there, and told; so after a restart and in MULTI", async () => {
  const { here, there, start, never } = await limited();
  const half = noise.subarray(0, 600_000);
  const grow = {
    append: () => here.append("append", half),
    setrange: () => here.setrange("setrange", 2 * MB, "x"),
    setbit: () => here.setbit("setbit", 8 * 2 * MB, 1),
    bitfield: () => here.call("BITFIELD", "bitfield", "SET", "u8", 8 * 2 * MB, 1),
    multi: () => here.multi().append("multi", half).append("multi", "c").append("multi", half).exec(),
  };
  const keys = Object.keys(grow);
  for (const key of keys) await here.set(key, half);
  const sync = start();
  await sync.reaches("synchronizing");
  await sync.caughtUp(here, there);
  for (const one of Object.values(grow)) await one();
  for (const key of keys) await here.append(key, "c");
  await until(async () => (await there.exists("append", "multi")) === 0, {
    what: "they are gone",
    timeoutMs: 30_000,
  });
  await here.append("append", "d");
  await sync.stop();
  await never(...keys);
  const told = sync.eventsOf("key-left-out").map(({ message }) => message);
  for (const key of ["append", "multi"])
    expect(told.filter((one) => one.includes(`Key ${key} `))).toHaveLength(1);
  expect(sync.latest?.differs?.causes.map(({ code }) => code)).toContain("LEFT_OUT");

  const again = start();
  await again.reaches("synchronizing");
  for (const key of keys) await here.append(key, "e");
  await here.set("append", "small again");
  await here.append("append", "!");
  await here.del("setbit");
  await here.append("setbit", "new");
  await again.stop();
  expect(await there.mget("append", "setbit")).toEqual(["small again!", "new"]);
  await never(...keys);
  expect(await there.exists("multi")).toBe(0);
}, 90_000);

test("a key that an initial sync leaves out is not begun anew by what the stream adds to it", async () => {
  const { here, there, start } = await limited();
  await here.set("string", noise);
  await here.rpush("list", "small", noise);
  await here.hset("hash", { small: "1", large: noise });
  const sync = start();
  await sync.reaches("synchronizing", 40_000);
  expect(await there.exists("string", "list", "hash")).toBe(0);
  expect(sync.latest?.initialSync).toMatchObject({ keysApplied: 0, keysRejected: 3 });
  await here.append("string", "c");
  await here.rpush("list", "c");
  await here.hset("hash", "other", "c");
  await here.rename("hash", "renamed");
  await sync.caughtUp(here, there);
  await until(async () => (await there.exists("string", "list", "hash", "renamed")) === 0, {
    what: "none of them is there",
  });
  await here.rpop("list");
  await here.lrem("list", 1, noise);
  await until(async () => (await there.lrange("list", 0, -1)).join() === "small", {
    what: "the list is copied once it fits",
    timeoutMs: 30_000,
  });
  await here.rpush("list", "last");
  await sync.caughtUp(here, there);
  await sync.stop();
  expect(await there.lrange("list", 0, -1)).toEqual(["small", "last"]);
  expect(await there.exists("string", "hash", "renamed")).toBe(0);
}, 90_000);

test("a value that is too large to be copied again is removed where it is known to be wrong", async () => {
  const shard = await startRedis({ conf: { "proto-max-bulk-len": "100mb" } });
  const destination = await startRedis({ conf: { "proto-max-bulk-len": "40mb" } });
  const [here, there] = [shard.client, destination.client];
  await here.mset("grown", "a value of before", "other", "1");
  const sync = new SyncForTest({ source: endpointAt(shard), destination: endpointAt(destination) }).start();
  await sync.reaches("synchronizing");
  await here.setrange("grown", 60 * MB, "x");
  await until(() => sync.eventsOf("key-left-out").length > 0, { what: "it is told", timeoutMs: 30_000 });
  await here.append("grown", "c");
  await here.rename("grown", "renamed");
  await here.incr("other");
  await sync.caughtUp(here, there);
  await until(() => sync.eventsOf("key-left-out").length === 2, {
    what: "the other name is told",
    timeoutMs: 30_000,
  });
  await sync.stop();
  expect(await there.exists("grown", "renamed")).toBe(0);
  expect(await there.get("other")).toBe("2");
  expect(sync.eventsOf("key-left-out").map(({ message }) => message.split(" ")[1])).toEqual([
    "grown",
    "renamed",
  ]);
}, 90_000);
